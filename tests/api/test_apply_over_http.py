"""`python -m infra.apply` as a command: what it says and answers when the other side is down, busy, another, or refuses."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from infra.apply import __main__ as command
from infra.apply.api import ATTEMPTS, Api, Refused, Unreachable

SECRET = "very-secret-token"
EMPTY = {"steps": [], "refused": []}


class Other:
    """A server that answers what `answers` says, in turn; the last of them for ever."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes, dict[str, str]]] = [(200, json.dumps(EMPTY).encode(), {})]
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        other = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                other.seen.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}))
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, body, headers = other.answers[0] if len(other.answers) == 1 else other.answers.pop(0)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_PUT = do_POST = do_DELETE = answer

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


@pytest.fixture(scope="module")
def server() -> Iterator[Other]:
    other = Other()
    yield other
    other.server.shutdown()
    other.server.server_close()


@pytest.fixture
def other(server: Other) -> Other:
    server.answers, server.seen = [(200, json.dumps(EMPTY).encode(), {})], []
    return server


def api_of(url: str) -> tuple[Api, list[float]]:
    waited: list[float] = []
    return Api(url, SECRET, waited.append), waited


def failure(status: int, code: str, message: str) -> tuple[int, bytes, dict[str, str]]:
    return status, json.dumps({"error": {"code": code, "message": message}}).encode(), {}


def test_the_token_goes_into_one_header(other: Other) -> None:
    api, _ = api_of(other.url)
    assert api.ask("POST", "/api/plan", {"definitions": []}, if_match=3) == EMPTY
    ((method, path, headers),) = other.seen
    assert (method, path, headers["authorization"], headers["if-match"]) == ("POST", "/api/plan", f"Bearer {SECRET}", "3")


def test_who_is_busy_is_asked_again_later_and_not_for_ever(other: Other) -> None:
    other.answers = [failure(503, "throttled", "try again"), failure(429, "", ""), (200, b"{}", {})]
    api, waited = api_of(other.url)
    assert (api.ask("GET", "/api/x"), waited) == ({}, [1, 2])
    other.answers = [failure(503, "throttled", "try again later")]
    with pytest.raises(Refused, match="try again later"):
        api.ask("GET", "/api/x")
    assert len(other.seen) == 3 + ATTEMPTS


def test_a_redirect_does_not_take_the_token_along(other: Other) -> None:
    other.answers = [(302, b"", {"Location": f"{other.url}/elsewhere"})]
    with pytest.raises(Refused, match="302"):
        api_of(other.url)[0].ask("GET", "/api/x")
    assert [path for _, path, _ in other.seen] == ["/api/x"]


def test_what_is_not_socle_is_said_to_be_none(other: Other) -> None:
    other.answers = [(200, b"<html>welcome</html>", {})]
    with pytest.raises(Unreachable, match="not Socle"):
        api_of(other.url)[0].ask("GET", "/api/x")
    other.answers = [(418, b"<html>teapot</html>", {})]
    with pytest.raises(Refused, match="418"):
        api_of(other.url)[0].ask("GET", "/api/x")


@pytest.mark.parametrize(("url", "said"), [
    ("http://api.example.com", "https"), ("ftp://127.0.0.1", "URL must be"), ("api.example.com", "URL must be"), ("", "URL")])
def test_a_token_does_not_cross_a_network_in_the_clear(url: str, said: str) -> None:
    with pytest.raises(Unreachable, match=said):
        Api(url, SECRET)


@pytest.fixture
def marketing(tmp_path: Path) -> Path:
    (tmp_path / "topics").mkdir()
    (tmp_path / "topics/news.json").write_text("{}")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = command.main(arguments)
    said = capsys.readouterr()
    assert SECRET not in said.out + said.err
    return status, said.out + said.err


def test_the_command_answers_whether_all_is_well(other: Other, marketing: Path, capsys: pytest.CaptureFixture[str],
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCLE_TOKEN", SECRET)
    assert run(capsys, "apply", str(marketing), "--url", other.url) == (0, "nothing to do\n")
    other.answers = [failure(401, "unauthorized", "")]
    status, said = run(capsys, "apply", str(marketing), "--url", other.url)
    assert (status, "SOCLE_TOKEN" in said) == (1, True)
    (marketing / "topics/news.json").write_text("{")
    status, said = run(capsys, "apply", str(marketing), "--url", other.url)
    assert (status, "news.json:1:2" in said, "Nothing was written" in said) == (1, True, True)


def test_a_machine_that_is_down_is_said_to_be_down(marketing: Path, capsys: pytest.CaptureFixture[str],
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOCLE_TOKEN", raising=False)
    status, said = run(capsys, "apply", str(marketing), "--url", "http://127.0.0.1:9")
    assert (status, "does not answer" in said) == (1, True)
    status, said = run(capsys, "apply", str(marketing), "--url", "https://api.example.com")
    assert (status, "SOCLE_TOKEN" in said) == (1, True)


class Told(Api):
    """An API that notes what it is asked, and has the journeys of `standings`."""

    def __init__(self, standings: dict[str, tuple[int, str]], steps: list[dict[str, Any]]) -> None:
        super().__init__("http://127.0.0.1", SECRET)
        self.standings, self.steps, self.asked = standings, steps, list[str]()

    def ask(self, method: str, path: str, body: Any = None, if_match: int | None = None) -> Any:
        if path == "/api/plan":
            return {"steps": self.steps, "refused": []}
        if path.endswith("/standing"):
            version, state = self.standings[path.split("/")[3]]
            return {"version": version, "state": state}
        self.asked.append(f"{method} {path}")
        if path.endswith("broken/publish"):
            raise Refused(400, "invalid", "the template has lost a variable")
        return {"version": (if_match or 0) + 1}


def step(name: str, op: str, kind: str = "journeys", version: int = 3) -> dict[str, Any]:
    return {"kind": kind, "name": name, "op": op, "if_match": version, "diff": [], "warnings": []}


@pytest.mark.parametrize(("template", "published"), [("keep", ["behind", "changed", "new"]),
                                                     ("update", ["behind", "changed", "new", "same"])])
def test_journeys_of_which_another_version_is_published_are_published_and_all_when_a_template_changed(
        tmp_path: Path, template: str, published: list[str]) -> None:
    standings = {"same": (3, "live"), "behind": (2, "paused"), "changed": (3, "live"), "new": (0, "live"), "over": (2, "stopped")}
    (tmp_path / "journeys").mkdir()
    for name in standings:
        (tmp_path / f"journeys/{name}.json").write_text("{}")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/letter.json").write_text("{}")
    api = Told(standings, [step("letter", template, "templates"), step("same", "keep"), step("behind", "keep"),
                           step("changed", "update"), step("new", "create", version=0), step("over", "update")])
    said: list[str] = []
    assert command.apply(api, tmp_path, said.append, publish=True) == 0
    assert [path.split("/")[3] for path in api.asked if path.endswith("/publish")] == published
    assert [line for line in said if "over is stopped and stays so" in line]


def test_a_journey_that_cannot_be_published_holds_up_no_other_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "journeys").mkdir()
    for name in ("broken", "fine"):
        (tmp_path / f"journeys/{name}.json").write_text("{}")
    api = Told({"broken": (0, "live"), "fine": (0, "live")}, [step("broken", "create"), step("fine", "create")])
    said: list[str] = []
    assert command.apply(api, tmp_path, said.append, publish=True) == 1
    assert said[-2:] == ["x journeys/broken is written, and not published: the template has lost a variable",
                         "> journeys/fine is published"]
