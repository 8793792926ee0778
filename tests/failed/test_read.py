"""Lambda's invocation records are read as documented, and nothing else is taken for one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from socle.errors import Rejected
from socle.events.group import Record
from socle.failed.model import Facts
from socle.failed.read import facts, records
from socle.iso import from_iso
from tests.failed.invocations import SHARD, document, written

TWO = [Record("a", b"\x00\xff one"), Record("b" * 256, b"")]
FACTS = Facts(from_iso("2026-11-14T00:38:06.021Z"), SHARD, 2, "RetryAttemptsExhausted", from_iso("2026-11-14T00:38:04.835Z"))


def event(**kinesis: Any) -> str:
    return json.dumps({"Records": [{"kinesis": {"partitionKey": "a", "data": "YQ=="} | kinesis}]})


def test_records_come_out_as_they_were_on_the_stream() -> None:
    assert records(written(TWO)) == TWO


def test_the_facts_are_those_that_lambda_wrote() -> None:
    assert facts(written(TWO)) == FACTS


def test_the_beginning_of_the_document_is_enough_for_the_facts() -> None:
    data = written([Record("a", b"x" * 100_000)])
    assert facts(data[:4_096]) == FACTS._replace(records=1)
    assert facts(json.dumps(document(TWO), separators=(",", ":")).encode()[:1_500]) == FACTS


def test_facts_that_stand_behind_the_records_are_found_in_the_whole_document() -> None:
    found = document(TWO)
    behind = json.dumps({"payload": found.pop("payload"), **found}).encode()
    assert facts(behind[:700]) is None
    assert facts(behind) == FACTS


@pytest.mark.parametrize("data", [
    b"", b"{}", b"[]", b"null", b"\xff\xfe", b"{broken", b'{"payload": {}}', b"[" * 100_000,
    written(TWO, payload=None), written(TWO, payload=7), written(TWO, payload="x"), written(TWO, payload="{}"),
    written(TWO, payload={"Records": []}), written(TWO, payload="[" * 100_000), written(TWO)[:-50],
    written(TWO, payload='{"Records": [7]}'), written(TWO, payload=event(partitionKey="")),
    written(TWO, payload=event(partitionKey="k" * 257)), written(TWO, payload=event(partitionKey=None)),
    written(TWO, payload=event(data=None)), written(TWO, payload=event(data="not base64")), written(TWO, payload=event(data="é")),
    written(TWO, payload=event(data="YQ")), written(TWO, payload=event(data="Y*Q==")),
])
def test_what_lambda_does_not_write_is_refused(data: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        records(data)
    assert refused.value.code == "unreadable"


@pytest.mark.parametrize("secret", [event(data="ada@example.com"), event(partitionKey="ada@example.com" * 20),
                                    '["ada@example.com"', '"ada@example.com"'])
def test_a_refusal_quotes_no_data(secret: str) -> None:
    with pytest.raises(Rejected) as refused:
        records(written(TWO, payload=secret))
    assert "ada" not in refused.value.message


@pytest.mark.parametrize("changed", [
    {"timestamp": None}, {"timestamp": "yesterday"}, {"timestamp": "2026-11-14T00:38:06"}, {"KinesisBatchInfo": None},
    {"KinesisBatchInfo": {}}, {"requestContext": {}}, {"requestContext": {"condition": "\ud800"}},
])
def test_facts_that_are_missing_are_not_made_up(changed: dict[str, Any]) -> None:
    assert facts(written(TWO, **changed)) is None
