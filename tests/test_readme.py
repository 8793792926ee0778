"""The README is true: every command, route, setting, limit and reason in it is held against the code."""

from __future__ import annotations

import ast
import base64
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from infra.app import COMPANY_SETTINGS
from infra.apply.__main__ import apply
from infra.apply.api import Api, Refused
from infra.constructs.observability import ALARMED_METRICS
from infra.local.machine import LocalMachine, local_machine
from socle import clock, settings
from socle.events import check, parse, receive, times, wire
from socle.identity.model import MAX_IDENTIFIERS, MAX_LENGTH, MAX_MERGES
from socle.identity.model import TYPES as IDENTIFIERS
from socle.profiles import fold
from socle.sources import find

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
CORE = ROOT / "layers/core/python/socle"
TOKEN = "local-admin-token"
CODE = re.compile(r"[a-z]+(_[a-z]+)*")

BLOCK = re.compile(r"<!-- tested -->\n```sh\n(.*?)```(?:\n<!-- answer -->\n```json\n(.*?)```)?", re.DOTALL)


class Here(Api):
    """The admin API of a machine in this process."""

    def __init__(self, machine: LocalMachine) -> None:
        super().__init__("http://127.0.0.1:8000", TOKEN)
        self._machine = machine

    def _once(self, method: str, path: str, body: Any, if_match: int | None) -> Any:
        headers = {"authorization": f"Bearer {TOKEN}", **({"if-match": str(if_match)} if if_match is not None else {})}
        status, _, answer = self._machine.request(method, path, headers, b"" if body is None else json.dumps(body).encode())
        if status >= 400:
            raise Refused(status, "", answer.decode())
        return json.loads(answer) if answer else None


@pytest.fixture(scope="module")
def machine() -> Iterator[LocalMachine]:
    with local_machine() as running:
        yield running


@pytest.fixture(scope="module")
def openapi(machine: LocalMachine) -> dict[str, Any]:
    _, _, body = machine.request("GET", "/api/openapi.json", {"Authorization": f"Bearer {TOKEN}"})
    document: dict[str, Any] = json.loads(body)
    return document


def test_the_tested_commands_work_in_the_order_of_the_page(machine: LocalMachine) -> None:
    variables: dict[str, str] = {}
    ran = 0
    for block, answer in BLOCK.findall(README):
        for words in commands(block):
            ran += 1
            if words[0] == "sleep":
                machine.advance("0s")  # until everything under way is done
                continue
            if words[:2] == ["make", "apply"]:
                assert apply(Here(machine), ROOT / words[2].removeprefix("DIR="), lambda _: None, publish=True) == 0
                machine.drain()
                continue
            if not words[0].endswith("curl"):
                variables.update(word.rstrip(";").split("=", 1) for word in words)
                continue
            status, body = curl(machine, words[1:], variables)
            assert status < 400, f"{' '.join(words)} answers {status}: {body}"
            if re.search(r"as_of=|/tail|/timeline", words[-1]):
                assert body.get("events") or body.get("items"), f"{' '.join(words)} shows nothing"
            if words[0].endswith("=$(curl"):
                variables[words[0].removesuffix("=$(curl")] = body["id"] if "id" in body else (
                    body["items"][-1]["headers"]["List-Unsubscribe"].strip("<>"))
        if answer:
            assert_shows(body, json.loads(answer), "the answer")
    assert ran > 15


def commands(block: str) -> Iterator[list[str]]:
    """The words of each command; a command goes on while a quote is open or a line ends in a backslash."""
    text = ""
    for line in block.splitlines():
        text += line + "\n"
        if line.endswith("\\"):
            continue
        try:
            words = shlex.split(text.replace("\\\n", " "), comments=True)
        except ValueError:
            continue
        if words:
            yield words
        text = ""
    assert not text.strip(), f"a command without end: {text}"


def curl(machine: LocalMachine, words: list[str], variables: dict[str, str]) -> tuple[int, Any]:
    """Do in process what curl would do with -s -u -H -X -d and a URL."""
    words = words[: words.index("|")] if "|" in words else words
    words = [re.sub(r"\$(\w+)", lambda name: variables[name[1]], word) for word in words]
    method, body, headers, url = "", b"", {}, ""
    rest = iter(words)
    for word in rest:
        match word:
            case "-s":
                pass
            case "-u":
                headers["authorization"] = "Basic " + base64.b64encode(next(rest).encode()).decode()
            case "-H":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            case "-X":
                method = next(rest)
            case "-d":
                body = next(rest).encode()
                headers.setdefault("content-type", "application/x-www-form-urlencoded")
            case _:
                url = word
    parts = urlsplit(url)
    assert parts.netloc == "127.0.0.1:8000", url
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    status, _, answer = machine.request(method or ("POST" if body else "GET"), target, headers, body)
    machine.drain()
    try:
        return status, json.loads(answer) if answer else None
    except ValueError:  # a page for people
        return status, answer


def assert_shows(actual: Any, shown: Any, where: str) -> None:
    """Everything that the page shows is in the answer; the answer may hold more."""
    if isinstance(shown, dict):
        for name, value in shown.items():
            assert name in actual, f"{where} has no {name}: {actual}"
            assert_shows(actual[name], value, f"{where}.{name}")
    elif isinstance(shown, list):
        assert len(actual) == len(shown), where
        for place, (one, other) in enumerate(zip(actual, shown, strict=True)):
            assert_shows(one, other, f"{where}[{place}]")
    else:
        assert actual == shown, where


def test_every_make_target_that_is_named_exists_and_every_target_is_named() -> None:
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE)) - {"help"}
    assert set(re.findall(r"(?:`|^ +|\S+=\S+ )make ([a-z]+)", README, re.MULTILINE)) == targets


def test_the_cdk_cli_that_is_named_is_the_one_that_make_runs() -> None:
    (named,) = set(re.findall(r"aws-cdk@[\d.]+", README))
    assert named in MAKEFILE


def test_every_admin_route_that_is_named_exists(openapi: dict[str, Any]) -> None:
    named = set(re.findall(r"`(GET|POST|PUT|DELETE) (/api/[^`?\s]*)", README))
    known = {(method.upper(), path) for path, methods in openapi["paths"].items() for method in methods}
    assert named
    assert named <= known | {("GET", "/api/openapi.json")}, named - known


def test_every_tracking_route_is_named_and_exists(machine: LocalMachine) -> None:
    section = README.partition("## The tracking API")[2].partition("\n## ")[0]
    named = set(re.findall(r"/v1/([a-z]+)(?=[`,]|$)", section, re.MULTILINE))
    assert named == set(wire._CALLS)
    assert machine.request("GET", "/v1/projects/local-write-key/settings")[0] == 200
    assert machine.request("GET", "/health")[0] == 200


def test_every_local_page_that_is_named_exists(machine: LocalMachine) -> None:
    pages = set(re.findall(r"(?<!sources)/local/[a-z]+", README))
    assert pages == {"/local/outbox", "/local/metrics", "/local/clock"}
    assert {machine.request("GET", page)[0] for page in pages} == {200}


def test_every_setting_that_is_named_exists() -> None:
    assert set(re.findall(r"-c ([a-z_]+)=", README)) == {"stage", *COMPANY_SETTINGS}
    stack = "".join((ROOT / name).read_text() for name in ("infra/app.py", "infra/apply/__main__.py"))
    for name in set(re.findall(r"SOCLE_[A-Z_]+", README)):
        assert name in stack or name in _function_settings(), name
    main = (ROOT / "infra/local/__main__.py").read_text()
    assert all(f'"{name}"' in main for name in ("PORT", "SAMPLE"))


def _function_settings() -> set[str]:
    models = [model for model in vars(settings).values() if isinstance(model, type) and issubclass(model, settings.Settings)]
    return {settings.PREFIX + field.upper() for model in models for field in model.model_fields}


def test_every_output_and_alarm_that_is_named_exists(machine: LocalMachine) -> None:
    outputs = set(re.findall(r"\b(?:ApiUrl|UserPoolId|UserPoolClientId|DashboardUrl)\b", README))
    assert len(outputs) == 4
    assert outputs <= set(machine.outputs)
    assert all(f"`{metric}`" in README for metric in ALARMED_METRICS)


def test_the_reasons_for_quarantine_are_exactly_those_of_the_code() -> None:
    table = README.partition("| Code | Reason |")[2].partition("\n\n")[0]
    named = re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE)
    assert len(named) == len(set(named))
    judged = [CORE / "events" / f"{name}.py" for name in ("check", "times", "receive", "identifiers")]
    applied = [CORE / "identity/normalise.py", CORE / "events/stream.py", CORE / "profiles/decide.py", CORE / "errors.py",
               CORE / "aws.py"]
    codes = {code for file in (*judged, *applied) for code in errors(file, "Rejected")}
    codes |= unreadable(CORE / "events/parse.py")
    assert set(named) == codes


def test_the_reasons_for_refusing_a_request_are_all_named() -> None:
    files = (CORE / "events/wire.py", CORE / "events/parse.py", CORE / "events/service.py", CORE / "events/store.py",
             CORE / "sources/store.py")
    codes = {code for file in files for code in errors(file, "Rejected", "NotFound", "Unavailable")}
    assert {"bad_batch", "stream_unavailable"} <= codes
    assert {code for code in codes if f"`{code}`" not in README} == set()


def errors(file: Path, *kinds: str) -> set[str]:
    """The codes of the errors of these kinds that a module makes."""
    return {
        node.args[0].value
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in kinds
        and isinstance(node.args[0], ast.Constant)
    }


def unreadable(file: Path) -> set[str]:
    """The codes that parse.py gives to an event whose text it cannot read."""
    (function,) = [
        node
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name == "_unreadable"
    ]
    return {
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value) and "_" in node.value
    }


@pytest.mark.parametrize(
    "claim",
    [
        f"{wire.MAX_BODY_BYTES // 1024} KiB a request",
        f"{parse.MAX_EVENTS:,} events a batch",
        f"{check.MAX_EVENT_BYTES // 1024} KiB an event",
        f"nested deeper than {check.MAX_DEPTH} levels",
        f"`messageId` longer than {receive.MAX_MESSAGE_ID} characters",
        f"an identifier longer than {MAX_LENGTH} characters",
        f"more than {check.MAX_TRAITS} traits in one call",
        f"a trait larger than {check.MAX_TRAIT_BYTES:,} bytes",
        f"longer than {check.MAX_NAME} characters",
        f"in the order {', '.join(IDENTIFIERS)}",
        f"with channel {', '.join(check.CHANNELS[:-1])} or {check.CHANNELS[-1]}",
        f"the {fold.MAX_TRAITS} most recent traits, {fold.MAX_NAMES} event names",
        f"the {fold.MAX_CONSENTS} most recent consents, {fold.MAX_CONTEXT_BYTES // 1024} KB per value of the context",
        f"{MAX_IDENTIFIERS:,} identifiers and {MAX_MERGES} merges, and the {fold.MAX_ACCOUNTS} accounts named last",
        f"more than {times.ONE_CLOCK // clock.DAY} days both from receipt",
        f"{parse.MAX_CONTEXT_BYTES // 1024} KiB the `context`",
        f"text or whole number of at most {check.MAX_CONSENT_TEXT} characters",
        f"revoked or rotated away may work up to {find.GOOD_FOR // clock.SECOND} seconds longer",
        f"state {', '.join(check.CONSENT_STATES[:-1])} or {check.CONSENT_STATES[-1]}",
    ],
)
def test_a_limit_is_what_the_page_says(claim: str) -> None:
    assert claim in " ".join(README.split())


def test_every_path_that_is_named_exists() -> None:
    named = re.findall(r"(?:^|[\s`(])((?:infra|tests|layers|functions|\.ci)/[\w./]*\w)", README, re.MULTILINE)
    missing = [path for path in named if not (ROOT / path).exists()]
    assert named
    assert missing == []
