"""What a forecast says: reach, reasons, time under every limit, cost; and that units are those of the calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.campaigns.calls import Shape, of_computing, of_run, of_what_follows
from socle.campaigns.forecast import Dry, Sending, forecast, lasting, rate, scaled, shape_of
from socle.campaigns.model.document import CampaignDocument
from socle.channels.model import Quota
from socle.costs.prices import FILES, MAILS, PRICES, PUSHES, TEXTS, TRANSITIONS, dollars
from socle.messages.outcome import WOULD_SEND
from socle.messages.units import Units
from socle.reports.dry import dry_of

DAY, HOUR = 86_400_000, 3_600_000
BEGINS = 1_800_000_000_000
MANY = Quota(1_000.0)


def document(**more: Any) -> CampaignDocument:
    return CampaignDocument.model_validate({"segment": "readers", "template": "letter", "topic": "news", **more})


def dry(would: int = 100, held: int = 0, **skipped: int) -> Dry:
    people = {(WOULD_SEND, ""): would, ("held", "quiet_hours"): held, **{("skipped", reason): n for reason, n in skipped.items()}}
    return Dry({key: n for key, n in people.items() if n}, {"": Sending(would, 0, would * 20_000)},
               Units(5 * (would + held + sum(skipped.values())), 13 * would, would, 0, 1_500 * would))


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_it_says_who_gets_it_who_does_not_and_why() -> None:
    found = forecast(dry(70, 10, no_consent=15, holdout=5), document(), "email", MANY, 20, BEGINS)
    assert (found["audience"], found["would_send"], found["held"]) == (100, 70, 10)
    assert found["skipped"] == {"holdout": 5, "no_consent": 15}
    assert found["messages"] == [{"channel": "email", "variant": None, "messages": 70, "parts": None, "bytes": 1_400_000}]


def test_workers_lines_are_added_up_and_nobody_is_counted_twice(tmp_path: Path) -> None:
    rows = [{"p": "a", "o": "would_send", "v": "x", "b": 100, "u": [5, 13, 1, 0, 900]},
            {"p": "b", "o": "would_send", "v": "y", "n": 3, "u": [6, 15, 1, 7, 1_900]},
            {"p": "b", "o": "would_send", "v": "y", "n": 3, "u": [6, 15, 1, 7, 1_900]},
            {"p": "c", "o": "skipped", "r": "no_content", "v": "x", "d": "undefined: there is no {{ a: b }}",
             "u": [4, 0, 0, 0, 0]},
            {"p": "d", "o": "held", "r": "quiet_hours", "until": 2 * HOUR - 1, "u": [4, 0, 0, 0, 0]}]
    with duckdb.connect() as connection:
        found = dry_of(connection, write(tmp_path / "lines", rows))
    assert found.people == {("would_send", ""): 2, ("skipped", "no_content"): 1, ("held", "quiet_hours"): 1}
    assert found.sendings == {"x": Sending(1, 0, 100), "y": Sending(1, 3, 0)}
    assert found.units == Units(19, 28, 2, 7, 2_800)
    assert found.held == {2 * HOUR: 1}
    [problem] = found.problems
    assert problem == ("undefined", 1, (("c", "there is no {{ a: b }}"),))


def test_before_the_workers_wrote_anything_there_is_nobody() -> None:
    found = forecast(dry_of(None, None), document(), "email", MANY, 20, BEGINS)
    assert (found["audience"], found["would_send"], found["cost"]["usd_per_1000"]) == (0, 0, None)


def test_a_rate_is_the_least_of_the_channels_the_throttles_and_the_workers() -> None:
    assert rate(document(), Quota(14.0)) == 14
    assert rate(document(throttle={"per_minute": 600}), Quota(14.0)) == 10
    assert rate(document(), Quota(1e6)) == 1_600


def test_time_is_people_over_rate() -> None:
    assert lasting(14_000, document(), Quota(14.0)).ms == 1_000_000


def test_what_the_quota_of_a_day_leaves_over_goes_the_next_day() -> None:
    found = lasting(120, document(), Quota(1.0, 50))
    assert found.days == [50, 50, 20]
    assert found.ms == 2 * DAY + 20_000


def test_a_warm_up_sends_more_each_day() -> None:
    assert lasting(1_000, document(warm_up={"first_day": 100, "growth": 2}), MANY).days == [100, 200, 400, 300]


def test_without_a_quota_left_it_does_not_say_when() -> None:
    assert lasting(10, document(), Quota(1.0, 0)).days == []


def test_a_test_and_local_times_add_to_it() -> None:
    variants = [{"name": name, "template": name, "share": 50} for name in "ab"]
    tested = document(template=None, variants=variants, test={"share": 20, "wait": "4h"})
    assert lasting(1_000, tested, MANY).ms == 1_000 + 4 * HOUR
    local = document(schedule={"type": "at", "at": "2027-01-01T09:00", "local": True})
    assert lasting(1_000, local, MANY).ms == 1_000 + 26 * HOUR


def test_those_who_are_held_cost_like_the_others_though_nobody_rendered_for_them() -> None:
    both = forecast(dry(50, 50), document(), "email", MANY, 20, BEGINS)
    all_ = forecast(dry(100), document(), "email", MANY, 20, BEGINS)
    units = "counted", "units"
    for unit in (MAILS, "dynamodb write units", "kinesis KiB in"):
        assert both["cost"][units[0]][units[1]][unit] == all_["cost"][units[0]][units[1]][unit]


@given(st.integers(0, 10**7), st.integers(0, 10**6))
def test_transitions_stay_below_two_hundredths_a_message(people: int, held: int) -> None:
    shape = shape_of(dry(people, held), document(), 1_000, 20, 1)
    assert sum(shape.chunks) == people + held
    if people + held >= 1_000:
        assert of_run(shape, Units(), "email", people)[TRANSITIONS] <= 0.02 * (people + held)


def test_a_chunk_that_takes_longer_than_a_function_may_takes_more_calls() -> None:
    slow = shape_of(dry(100_000), document(), 14.0, 20, 1)
    assert slow.calls > len(slow.chunks) * 0.9
    assert shape_of(dry(1_000_000), document(), 14.0, 20, 1).calls >= 1_000_000 // (14 / 16 * 840) > len(slow.chunks)


def test_each_channel_pays_its_own() -> None:
    shape = Shape(10, [10], 20, 1)
    people = Units(micro_usd=64_500)
    for channel, unit, number in (("email", MAILS, 10), ("push", PUSHES, 10), ("sms", TEXTS, 64_500)):
        found = of_run(shape, people, channel, 10)
        assert found[unit] == number
        assert not {MAILS, PUSHES, TEXTS} - {unit} & found.keys()
    assert not {MAILS, PUSHES, TEXTS} & of_run(shape, Units(), "webhook", 10).keys()


def test_a_million_mails_cost_what_their_parts_cost() -> None:
    found = forecast(dry(1_000_000), document(), "email", MANY, 20, BEGINS)
    assert found["cost"]["services"]["SES"] == 100
    assert found["cost"]["usd"] == pytest.approx(sum(found["cost"]["services"].values()), abs=1e-5)
    assert found["cost"]["usd"] == pytest.approx(found["cost"]["counted"]["usd"] + found["cost"]["modelled"]["usd"], abs=1e-5)
    assert 100 < found["cost"]["usd"] < 140


def test_mails_that_carry_files_pay_for_their_bytes() -> None:
    plain = forecast(dry(100, 100), document(), "email", MANY, 20, BEGINS)["cost"]
    heavy = forecast(dry(100, 100), document(), "email", MANY, 20, BEGINS, {""})["cost"]
    assert heavy["counted"]["units"][FILES] == 200 * 20_000
    assert heavy["services"]["SES"] - plain["services"]["SES"] == pytest.approx(200 * 20_000 * 0.12e-9, abs=1e-6)


def test_every_unit_has_a_price() -> None:
    shape, people = Shape(10, [10], 20, 1), Units(50, 130, 10, 5, 15_000)
    for counts in (of_run(shape, people, "sms", 10), of_what_follows(people, "email", 10), of_computing(10, 10, "email")):
        assert counts.keys() <= PRICES.keys()
        assert sum(dollars(counts).values()) > 0
    with pytest.raises(KeyError, match="bananas"):
        dollars({"bananas": 1})


def test_scaling_leaves_what_looking_took() -> None:
    assert scaled(Units(10, 20, 30, 40, 50), 1.5) == Units(10, 30, 45, 60, 75)
