"""What became of a journey's messages, step by step, as the lake has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from socle.errors import Rejected
from socle.lake.store import LakeStore
from socle.reports.service.journey import JourneyMessages
from tests.reports.runs import DAY, HOUR, STARTED, House, happened, message, person

ENTRY = "0123456789abcdef0123"


def asked(house: House, directory: Path, timer: Any = lambda: 0, budget: int = 1) -> dict[str, Any]:
    return JourneyMessages(LakeStore(house.lake.s3, "bucket"), duckdb.connect, timer).of("autumn", directory, budget)


def test_a_message_counts_once_of_each_thing_that_happened_to_it(tmp_path: Path) -> None:
    house = House()
    house.tell([person(f"u{number}") for number in range(3)])
    events = []
    for number in range(3):
        one = message(f"u{number}", house.profile(f"u{number}"), "Reminder" if number else "Offer", run=ENTRY)
        events += [happened(one, "sent", STARTED), happened(one, "opened", STARTED + HOUR),
                   happened(one, "opened", STARTED + 2 * HOUR, time=1)]
        events += [happened(one, "opened", STARTED + HOUR, time=2, automatic=True)] if number == 2 else []
        events += [happened(one, "bounced", STARTED + DAY, hard=True)] if number == 1 else []
    house.tell(events)
    house.compact()
    found = asked(house, tmp_path)
    assert found["messages"] == {
        "Offer": {"sent": 1, "opened": 1},
        "Reminder": {"sent": 2, "opened": 2, "opened_by_machines": 1, "bounced_hard": 1}}
    assert found["complete"] is True


def test_a_campaign_of_the_same_name_is_another_thing(tmp_path: Path) -> None:
    house = House()
    house.tell([person("u1")])
    one = message("u1", house.profile("u1"), "a", run="20260131t120000-abcdefgh")
    house.tell([happened(one, "sent", STARTED)])
    house.compact()
    assert asked(house, tmp_path)["messages"] == {}


def test_before_the_first_compaction_the_answer_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="POST /api/lake/compact"):
        asked(House(), tmp_path)
