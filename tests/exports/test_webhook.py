"""Rows to a webhook: signed, in batches; only what was rejected again; a dead destination is given up and made up for later."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from socle.effects.webhook import Answer, ask, signed_headers, signing_secret
from socle.errors import Unavailable
from socle.exports.send import FIRST_WAIT, TRIES, Sender, send_batch
from tests.exports.lake import NOW, Way

Reply = Callable[[dict[str, Any], int], tuple[int, Any]]
"""(what arrived, how many arrived before) -> status and JSON of the answer."""


class Receiver:
    """A webhook on this machine."""

    def __init__(self, reply: Reply) -> None:
        self.reply, self.bodies, self.headers = reply, list[dict[str, Any]](), list[dict[str, str]]()
        self.raw = list[bytes]()
        self._lock = threading.Lock()

    def take(self, raw: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        with self._lock:
            body = json.loads(raw)
            status, answer = self.reply(body, len(self.bodies))
            self.bodies.append(body)
            self.headers.append(headers)
            self.raw.append(raw)
        return status, json.dumps(answer).encode()

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Without a network between."""
        status, answer = self.take(body, headers)
        if status == 0:
            raise Unavailable("webhook_unreachable", "it is down")
        return Answer(status, answer)

    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers in self.headers]


@pytest.fixture
def serve() -> Iterator[Callable[[Receiver], str]]:
    servers = []

    def start(receiver: Receiver) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                status, answer = receiver.take(self.rfile.read(int(self.headers["content-length"])),
                                               {name.lower(): value for name, value in self.headers.items()})
                self.send_response(status)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/in"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def way_to(tmp_path: Path, post: Any, people: int = 7, **document: Any) -> Way:
    way = Way(tmp_path, post)
    way.lake.write({f"p{number}": {"traits": {"n": number}} for number in range(people)})
    way.define(**{"fields": ["traits.n"], "destination": {"type": "webhook", "url": "https://x.example/in", "batch_size": 3},
                  **document})
    return way


def taken(receiver: Receiver) -> list[str]:
    return [row["id"] for body in receiver.bodies for row in body["rows"]]


def test_over_http_every_member_arrives_in_signed_batches(tmp_path: Path, serve: Callable[[Receiver], str]) -> None:
    receiver = Receiver(lambda body, before: (200, {}))
    url = serve(receiver)
    way = way_to(tmp_path, lambda _, body, headers: ask(url, body, headers, 5))
    manifest = way.run()
    assert [len(body["rows"]) for body in receiver.bodies] == [3, 3, 1]
    assert sorted(taken(receiver)) == [f"p{number}" for number in range(7)]
    assert receiver.bodies[0] == {"type": "export", "export": "out", "run": manifest["run"], "part": 0, "batch": 0,
                                  "rows": [{"id": f"p{number}", "traits.n": number} for number in range(3)]}
    secret = signing_secret(b"master", "export/out")
    for raw, headers in zip(receiver.raw, receiver.headers, strict=True):
        assert headers["webhook-signature"] == signed_headers(secret, headers["webhook-id"], NOW, raw)["webhook-signature"]
    assert (manifest["files"], manifest["counts"]["sent"], manifest["counts"]["refused"]) == ([], 7, 0)


@pytest.mark.parametrize("names", [
    lambda row, index: {"index": index}, lambda row, index: {"id": row["id"]}], ids=["by index", "by id"])
def test_over_http_only_rejected_rows_come_again_and_then_are_kept(tmp_path: Path, serve: Any, names: Any) -> None:
    def reply(body: dict[str, Any], before: int) -> tuple[int, Any]:
        return 207, {"rejected": [{**names(row, index), "reason": "odd"} for index, row in enumerate(body["rows"])
                                  if row["traits.n"] == 1 or (row["traits.n"] == 4 and before < 2)]}

    receiver = Receiver(reply)
    url = serve(receiver)
    way = way_to(tmp_path, lambda _, body, headers: ask(url, body, headers, 5))
    manifest = way.run()
    assert [taken(receiver).count(f"p{number}") for number in range(7)] == [1, TRIES, 1, 1, 1, 1, 1]
    assert (manifest["counts"]["sent"], manifest["counts"]["refused"]) == (6, 1)
    (key,) = manifest["delivery"]["refused_files"]
    assert json.loads(way.files.objects[key]) == {"id": "p1", "reason": "odd", "row": {"id": "p1", "traits.n": 1}}


def test_rows_that_are_sent_again_have_an_id_of_their_own_and_a_repetition_has_the_same(tmp_path: Path) -> None:
    answers = iter([(503, {}), (200, {"rejected": [{"index": 0}]}), (0, {}), (200, {})])
    receiver = Receiver(lambda body, before: next(answers))
    way_to(tmp_path, receiver.post, people=3).run()
    first, again, one, one_again = receiver.ids()
    assert (first == again, one == one_again, first == one) == (True, True, False)


@pytest.mark.parametrize(("status", "times"), [
    (500, TRIES), (503, TRIES), (429, TRIES), (408, TRIES), (0, TRIES), (400, 1), (410, 1)])
def test_what_may_pass_is_tried_again_later_and_later_and_what_may_not_is_not(status: int, times: int) -> None:
    waits: list[int] = []
    receiver = Receiver(lambda body, before: (status, {}))
    sender = Sender(lambda id_, body: receiver.post("", body, {"webhook-id": id_}), waits.append)
    sent = send_batch(sender, {}, "m", [{"id": "a"}])
    assert (len(receiver.bodies), list(sent.refused), sent.reached) == (times, [0], False)
    assert waits == [FIRST_WAIT << number for number in range(times - 1)]


@pytest.mark.parametrize("answer", [
    b"", b"OK", b"[]", b"null", b'{"rejected": 3}', b'{"rejected": [null, 5, {}]}', b'{"rejected": [{"index": 9}]}',
    b'{"rejected": [{"index": -1}]}', b'{"rejected": [{"index": true}]}', b'{"rejected": [{"id": "z"}]}', b"\xff",
    b"[" * 100_000], ids=range(12))
def test_an_answer_that_names_no_row_takes_all_of_them(answer: bytes) -> None:
    sent = send_batch(Sender(lambda id_, body: Answer(200, answer), lambda ms: None), {}, "m", [{"id": "a"}, {"id": "b"}])
    assert (sent.refused, sent.reached) == ({}, True)


def test_a_dead_destination_is_given_up_and_the_next_delta_brings_what_it_did_not_get(tmp_path: Path) -> None:
    is_up = False
    receiver = Receiver(lambda body, before: (200, {}) if is_up or body["batch"] == 0 else (0, {}))
    way = way_to(tmp_path, receiver.post, people=30, mode="delta")
    first = way.run()
    assert len({body["batch"] for body in receiver.bodies}) == 4  # one that was taken, three that were not
    assert (first["counts"]["sent"], first["counts"]["refused"]) == (3, 27)
    got = receiver.bodies[0]["rows"]
    assert {row["change"] for row in got} == {"added"}
    is_up, receiver.bodies = True, []
    second = way.run()
    assert second["counts"]["changes"] == {"added": 27, "changed": 0, "removed": 0, "unchanged": 3}
    assert sorted([*taken(receiver), *(row["id"] for row in got)]) == sorted(f"p{number}" for number in range(30))
    assert way.run()["counts"]["rows"] == 0


def test_changes_and_removals_that_were_not_taken_come_again(tmp_path: Path) -> None:
    refuses = False
    receiver = Receiver(lambda body, before: (400, {}) if refuses else (200, {}))
    way = way_to(tmp_path, receiver.post, people=2, mode="delta")
    way.run()
    way.lake.write({"p0": {"traits": {"n": 100}}})
    refuses = True
    assert way.run()["counts"]["refused"] == 2
    refuses, receiver.bodies = False, []
    way.lake.write({"p0": {"traits": {"n": 100}}, "p2": {}})
    way.run()
    rows = [row for body in receiver.bodies for row in body["rows"]]
    assert sorted((row["id"], row["change"], row["traits.n"]) for row in rows if row["id"] != "p2") == [
        ("p0", "changed", 100), ("p1", "removed", 1)]
    assert way.run()["counts"]["rows"] == 0


def test_a_call_that_has_no_time_left_goes_on_where_it_stopped(tmp_path: Path) -> None:
    receiver = Receiver(lambda body, before: (200, {}))
    way = way_to(tmp_path, receiver.post)
    run = way.begin()
    way.planner.plan("out", run, NOW)
    way.writer.write("out", run, 0)
    for calls in range(1, 5):
        if way.deliverer.deliver("out", run, 0, iter([900_000, 0]).__next__):
            break
        assert len(receiver.bodies) == calls
    assert sorted(taken(receiver)) == [f"p{number}" for number in range(7)]


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_write_of_a_delivery_costs_at_most_one_batch_twice(tmp_path: Path, after: bool) -> None:
    receiver = Receiver(lambda body, before: (200, {"rejected": [{"id": "p1"}]}))
    way = way_to(tmp_path, receiver.post)
    run = way.begin()
    way.planner.plan("out", run, NOW)
    way.writer.write("out", run, 0)
    written = dict(way.files.objects)
    for number in range(1, 20):
        way.files.objects, receiver.bodies, receiver.headers = dict(written), [], []
        way.files.writes, way.files.fail_at = 0, (number, after)
        try:
            way.deliverer.deliver("out", run, 0, lambda: 900_000)
        except Unavailable:
            assert way.deliverer.deliver("out", run, 0, lambda: 900_000)
        else:
            break
        assert len(receiver.bodies) <= 2 * TRIES + 2
        assert len(set(receiver.ids())) == 4  # of three batches, and of the row that is sent again alone
        assert json.loads(way.files.objects[f"exports/out/{run}/refused-000.ndjson"])["id"] == "p1"
    assert number > 4
