"""A document that can't be run is refused when it is written, and the answer names the field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from socle.clock import DAY, HOUR, MINUTE
from socle.exports.model.document import ExportDocument
from socle.iso import from_iso, to_iso
from socle.schedule import next_time

WEBHOOK = {"type": "webhook", "url": "https://example.com/in"}


def document(**fields: Any) -> dict[str, Any]:
    return {"segment": "vip", "fields": ["id"], **fields}


@pytest.mark.parametrize(("written", "field"), [
    ({}, "segment"),
    ({"segment": "Not a name", "fields": ["id"]}, "segment"),
    ({"segment": "vip"}, "fields"),
    (document(fields=["email"]), "fields.0.path"),
    (document(fields=["traits."]), "fields.0.path"),
    (document(fields=["traits.a[]"]), "fields.0.path"),
    (document(fields=["orders.eur.revenue"]), "fields.0.path"),
    (document(fields=["orders.EUR.profit"]), "fields.0.path"),
    (document(fields=[{"path": "id", "name": "change"}]), "fields.0.name"),
    (document(fields=[{"path": "traits.a", "name": "id"}]), "fields.0.name"),
    (document(fields=[{"path": "orders.EUR.count", "type": "text"}]), "fields.0.type"),
    (document(fields=["id", {"path": "traits.a", "name": "b"}, {"path": "traits.b", "name": "B"}]), "fields"),
    (document(fields=["id"] * 201), "fields"),
    (document(layout="postal"), "fields"),
    ({"segment": "vip", "layout": "postal", "format": "parquet"}, "format"),
    ({"segment": "vip", "layout": "meta_custom_audience"}, "purpose"),
    ({"segment": "vip", "layout": "postal", "destination": WEBHOOK}, "destination"),
    (document(destination={"type": "webhook"}), "destination.url"),
    (document(destination={"type": "webhook", "url": "http://example.com"}), "destination.url"),
    (document(destination={"type": "webhook", "url": "https://10.0.0.1/"}), "destination.url"),
    (document(destination={"url": "https://example.com/"}), "destination.url"),
    (document(destination={**WEBHOOK, "batch_size": 0}), "destination.batch_size"),
    (document(destination={"type": "ftp"}), "destination.type"),
    (document(purpose={"channel": "fax"}), "purpose.channel"),
    (document(purpose={"topic": "news"}), "purpose.channel"),
    (document(partition_by="traits.plan"), "partition_by"),
    (document(partition_by="id", destination=WEBHOOK), "partition_by"),
    (document(sender_country="FR"), "sender_country"),
    (document(schedule="every day"), "schedule"),
    (document(schedule="rate(1 minute)"), "schedule"),
    (document(schedule="cron(0 6 * * *)"), "schedule"),
    (document(schedule="cron(0 6 * * * *)"), "schedule"),
    (document(schedule="cron(60 6 * * ? *)"), "schedule"),
    (document(schedule="cron(0 0 31 2 ? *)"), "schedule"),
    (document(schedule="cron(0 0 L * ? *)"), "schedule"),
    (document(mode="everything"), "mode"),
    (document(colour="red"), "colour"),
], ids=range(37))
def test_a_bad_document_is_refused_by_the_name_of_its_field(written: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ExportDocument.model_validate(written)
    assert ".".join(str(part) for part in caught.value.errors()[0]["loc"]) == field


def test_a_document_reads_back_as_it_was_written() -> None:
    written = ExportDocument.model_validate(document(fields=["id", {"path": "traits.a", "name": "A"}], destination=WEBHOOK))
    assert ExportDocument.model_validate(written.model_dump(mode="json")) == written


@pytest.mark.parametrize(("schedule", "expected"), [
    ("rate(6 hours)", "2026-01-31T16:30:00.000Z"),
    ("rate(1 day)", "2026-02-01T10:30:00.000Z"),
    ("cron(0 6 * * ? *)", "2026-02-01T06:00:00.000Z"),
    ("cron(30 10 * * ? *)", "2026-02-01T10:30:00.000Z"),
    ("cron(31 10 * * ? *)", "2026-01-31T10:31:00.000Z"),
    ("cron(0/20 9-17 ? * MON-FRI *)", "2026-02-02T09:00:00.000Z"),
    ("cron(0 0 1 1,7 ? *)", "2026-07-01T00:00:00.000Z"),
    ("cron(0 0 ? * 1 *)", "2026-02-01T00:00:00.000Z"),
    ("cron(0 0 29 FEB ? *)", "2028-02-29T00:00:00.000Z"),
    ("cron(0 0 1 1 ? 2031)", "2031-01-01T00:00:00.000Z"),
    ("cron(0 0 1 1 ? 2020)", None),
], ids=range(11))
def test_a_schedule_is_due_when_it_says(schedule: str, expected: str | None) -> None:
    found = next_time(schedule, from_iso("2026-01-31T10:30:00Z"))
    assert (to_iso(found) if found is not None else None) == expected


@given(after=st.integers(0, 4_000_000_000_000), minute=st.integers(0, 59), step=st.sampled_from([1, 2, 5, 7, 30]))
def test_a_schedule_is_always_due_later_and_skips_nothing(after: int, minute: int, step: int) -> None:
    found = next_time(f"cron({minute} 0/{step} * * ? *)", after)
    assert found is not None
    assert after < found <= after + 2 * DAY
    assert found % HOUR == minute * MINUTE
    assert next_time(f"cron({minute} 0/{step} * * ? *)", found - 1) == found
