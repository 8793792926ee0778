"""The sample is sent once, over HTTP, and loud when it is not taken."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import pytest

from infra.local.sample import cdnow, journeys, letters, loader
from infra.local.sample.client import Client, Refused
from infra.local.sample.segments import SEGMENTS
from infra.local.sample.visit import iso

NOW = 1_795_000_000_000
DAY = 86_400_000


@pytest.fixture(autouse=True)
def _without_letters_and_journeys(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take a whole Socle: test_sample_letters.py, test_sample_journeys.py."""
    monkeypatch.setattr(letters, "define", lambda *_: None)
    monkeypatch.setattr(letters, "write_first", lambda *_: "")
    monkeypatch.setattr(journeys, "publish", lambda *_: None)
    monkeypatch.setattr(journeys, "walkthrough", lambda *_: "")


class Server:
    """Stands in for Socle: answers each batch with the next of `answers`, and shows profiles of what it accepted."""

    def __init__(self, answers: list[tuple[int, dict[str, str], dict[str, Any]]]) -> None:
        self.answers = answers
        self.batches: list[dict[str, Any]] = []
        self.last_seen: dict[str, str] = {}
        self.defined: dict[str, dict[str, Any]] = {}
        self.runs: list[str] = []
        self.ends = "succeeded"
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def do_PUT(self) -> None:
                outer.defined[self.path] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.answer(200, {}, {})

            def do_POST(self) -> None:
                if self.path != "/v1/batch":
                    outer.runs.append(self.path)
                    self.answer(200, {}, {"run": "r", "state": "running"})
                    return
                batch = json.loads(gzip.decompress(self.rfile.read(int(self.headers["Content-Length"]))))
                status, headers, body = outer.answers.pop(0) if outer.answers else (200, {}, {"success": True})
                if status == 200:
                    outer.take(batch)
                self.answer(status, headers, body)

            def do_GET(self) -> None:
                if self.path.endswith("/r"):
                    self.answer(200, {}, {"run": "r", "state": outer.ends})
                    return
                seen = outer.last_seen.get(unquote(self.path.rpartition("by=")[2]))
                self.answer(200 if seen else 404, {}, {"id": "p1", "last_seen": seen} if seen else {"error": {}})

            def answer(self, status: int, headers: dict[str, str], body: dict[str, Any]) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)
                self.wfile.flush()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def take(self, batch: dict[str, Any]) -> None:
        self.batches.append(batch)
        for message in batch["batch"]:
            kind, value = loader.whose(message)
            self.last_seen[f"{kind}:{value}"] = message["timestamp"]
            if email := message.get("traits", {}).get("email"):
                self.last_seen[f"email:{email}"] = message["timestamp"]

    def __enter__(self) -> Server:
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()


MESSAGE = {"type": "track", "event": "Ping", "userId": "1", "messageId": "m1", "timestamp": iso(NOW)}


def test_a_busy_server_is_tried_again() -> None:
    with Server([(503, {"Retry-After": "0"}, {}), (503, {"Retry-After": "0"}, {})]) as server:
        Client(server.url).send([MESSAGE])
    assert [batch["batch"] for batch in server.batches] == [[MESSAGE]]


def test_a_refusal_stops_the_load() -> None:
    with Server([(401, {}, {"error": {"code": "unknown_key"}})]) as server, pytest.raises(Refused, match="unknown_key"):
        Client(server.url).send([MESSAGE])


def test_a_quarantined_event_stops_the_load() -> None:
    answer = (200, {}, {"success": True, "quarantined": [{"index": 0, "code": "bad_timestamp"}]})
    with Server([answer]) as server, pytest.raises(Refused, match="bad_timestamp"):
        Client(server.url).send([MESSAGE])


def test_a_run_that_fails_stops_the_load() -> None:
    with Server([]) as server:
        server.ends = "failed"
        with pytest.raises(Refused, match="failed"):
            Client(server.url).run("/api/lake/compact", "/api/lake/runs")


def test_the_sample_is_sent_once_and_commands_to_try_are_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "PEOPLE", 300)
    monkeypatch.setattr(cdnow, "orders", lambda: cdnow.read([" 00004 0001 19970101  2   29.33"]))
    with Server([]) as server:
        loader.load(server.url, NOW)
        sent = sum(len(batch["batch"]) for batch in server.batches)
        loader.load(server.url, NOW)
        assert sum(len(batch["batch"]) for batch in server.batches) == sent > 2_000
    assert server.defined.keys() == {f"/api/segments/{name}" for name in SEGMENTS}
    assert server.runs == ["/api/lake/compact", "/api/rfm/run", "/api/segments/recompute"]
    printed = capsys.readouterr().out
    assert printed.count("curl -s") == 5
    assert printed.count("timeline") == printed.count("as_of=") == printed.count("explanation") == 1


def test_events_that_never_show_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "PATIENCE", 0)
    with Server([]) as server:
        client = Client(server.url)
        with pytest.raises(loader.NotApplied, match="user_id:1 does not show"):
            loader._wait_for(client, [MESSAGE], 1)
