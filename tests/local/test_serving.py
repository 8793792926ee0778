"""A start that is broken off or fails says no more than helps."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from infra.local import serving
from infra.local.http import Request
from infra.local.serving import Serving, read_port
from infra.local.template import SynthesisFailed


@pytest.mark.parametrize(("text", "expected"), [
    ("8000", 8000), ("1", 1), ("65535", 65535), ("0", None), ("65536", None), ("80000", None), ("-1", None),
    ("80.5", None), ("abc", None), ("", None), ("²", None), ("9" * 5000, None)])
def test_a_port_is_a_number_from_1_to_65535(text: str, expected: int | None) -> None:
    assert read_port(text) == expected


def fail_to_start(monkeypatch: pytest.MonkeyPatch, signalled: bool) -> tuple[Serving, Any]:
    server = SimpleNamespace(should_exit=False)

    def machine(_stack: Any, url: str) -> None:
        server.should_exit = signalled  # Ctrl-C reaches the synthesis as well as the server
        raise SynthesisFailed("infra.app made no template")

    monkeypatch.setattr(serving, "LocalMachine", machine)
    return Serving("http://127.0.0.1:1", with_sample=False), server


def test_a_start_that_a_signal_breaks_off_ends_without_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    broken_off, server = fail_to_start(monkeypatch, signalled=True)
    broken_off.start(server)
    broken_off.stop()
    assert not broken_off.failed


def test_a_start_that_fails_is_told_and_ends_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    failing, server = fail_to_start(monkeypatch, signalled=False)
    with pytest.raises(SynthesisFailed):
        failing.start(server)
    assert (failing.failed, server.should_exit) == (True, True)


def test_a_machine_that_is_starting_asks_to_come_back() -> None:
    answer = Serving("http://127.0.0.1:1", with_sample=False).handle(Request("GET", "/health", []))
    assert (answer.status, dict(answer.headers)["retry-after"]) == (503, "1")
