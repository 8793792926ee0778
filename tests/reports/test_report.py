"""The report of a run says what plain Python finds in the same events: messages, conversions, revenue, the holdout."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from socle.errors import Rejected
from socle.events.model import Event
from socle.feedback.model import Feedback
from socle.feedback.outcome import events_of, outcome_of
from socle.messages.events import sent_event
from socle.profiles.orders import settle, worth
from socle.reports.answer import lift, to_csv, with_cost
from socle.reports.model import Goal, Group
from socle.tracking.events import correction, visit_event
from socle.tracking.model import Asked, Visit
from tests.reports.runs import DAY, GOAL, HOUR, STARTED, House, Story, bought, by_hand, happened, message, person, story

PEOPLE = 240


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Story, dict[str, Any]]:
    """A random run and its report."""
    house = House()
    house.tell([person(f"u{number}") for number in range(PEOPLE)])
    profiles = {f"u{number}": house.profile(f"u{number}") for number in range(PEOPLE)}
    found = story(7, PEOPLE, profiles)
    house.tell(found.events)
    house.compact()
    for chunk in range(4):
        house.write(found.outcomes[chunk::4], chunk=chunk)
    return found, house.report(tmp_path_factory.mktemp("report"))


def clicks(events: Sequence[Event]) -> dict[str, list[Event]]:
    """By person, human clicks in order."""
    found: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(events, key=lambda one: one.at):
        if event.name == "Email Link Clicked":
            found[event.ids[0][1]].append(event)
    return found


def conversions(events: Sequence[Event], goal: Goal = GOAL) -> list[tuple[Event, Event]]:
    """(goal's event, the last click before it)."""
    found = []
    by_person = clicks(events)
    for event in events:
        before = [one for one in by_person[event.ids[0][1]] if one.at <= event.at] if event.name == goal.event else []
        if before and event.at - before[-1].at <= goal.within:
            found.append((event, before[-1]))
    return found


@pytest.mark.parametrize("what", ["sent", "delivered", "opened", "complained"])
@pytest.mark.parametrize("by", ["variant", "domain"])
def test_messages_are_counted_once_in_all_and_in_each_part(told: tuple[Story, dict[str, Any]], what: str, by: str) -> None:
    found, report = told
    name = {"complained": "Email Marked as Spam", "opened": "Email Opened"}.get(what)
    events = [one._replace(name="Email " + what.capitalize()) if one.name == name else one for one in found.events]
    hand = by_hand(events, what, by)
    assert {part["name"]: part[what] for part in report[f"by_{by}"] if part[what]} == hand
    assert report["totals"][what] == sum(hand.values()) > 0


def test_what_machines_did_is_apart_from_what_people_did(told: tuple[Story, dict[str, Any]]) -> None:
    found, report = told
    for name, what in (("Email Opened", "opened"), ("Email Opened Automatically", "opened_by_machines"),
                       ("Email Link Clicked", "clicked"), ("Email Link Clicked Automatically", "clicked_by_machines")):
        events = [one for one in found.events if one.name == name]
        assert report["totals"][what] == len({one.body["properties"]["message"] for one in events}) > 0
        assert report["totals"][f"{what}_total"] == len(events)


def test_hard_and_soft_bounces_are_apart(told: tuple[Story, dict[str, Any]]) -> None:
    found, report = told
    kinds = [one.body["properties"]["hard"] for one in found.events if one.name == "Email Bounced"]
    totals = report["totals"]
    assert (totals["bounced_hard"], totals["bounced_soft"]) == (kinds.count(True), kinds.count(False))
    assert totals["bounced"] == len(kinds) > 0


def test_a_conversion_belongs_to_the_last_click_before_it(told: tuple[Story, dict[str, Any]]) -> None:
    found, report = told
    pairs = conversions(found.events)
    assert report["totals"]["conversions"] == len(pairs) > 10
    assert report["totals"]["converted"] == len({order.ids for order, _ in pairs})
    for by, name in (("variant", "variant"), ("device", "device"), ("link", "link_number")):
        hand: dict[str, int] = defaultdict(int)
        for _, click in pairs:
            hand[str(click.body["properties"][name])] += 1
        assert {part["name"]: part["conversions"] for part in report[f"by_{by}"] if part["conversions"]} == hand


def test_links_are_told_with_their_targets(told: tuple[Story, dict[str, Any]]) -> None:
    assert {(part["name"], part["url"]) for part in told[1]["by_link"]} == {
        (str(number), f"https://shop.test/{number}") for number in (1, 2, 3)}


def test_revenue_is_that_of_orders_after_a_click_and_refunds_are_apart(told: tuple[Story, dict[str, Any]]) -> None:
    found, report = told
    revenue: dict[str, int] = defaultdict(int)
    refunded: dict[str, int] = defaultdict(int)
    for order, _ in conversions(found.events):
        same = [one for one in found.events if one.ids == order.ids and one.body["properties"].get("order_id")
                == order.body["properties"]["order_id"]]
        for currency, orders in settle(same).items():
            revenue[currency] += orders.revenue
            refunded[currency] += orders.refunded
    assert report["totals"]["revenue"] == revenue
    assert {currency: sum_ for currency, sum_ in report["totals"]["refunded"].items() if sum_} == {
        currency: sum_ for currency, sum_ in refunded.items() if sum_}
    assert sum(part["revenue"].get("EUR", 0) for part in report["by_variant"]) == revenue["EUR"]


def test_the_holdout_is_compared_with_everybody_who_came_as_far(told: tuple[Story, dict[str, Any]]) -> None:
    found, report = told
    compared = {"sent", "failed"}
    orders = [one for one in found.events if one.name == GOAL.event]
    for side, rows in (("held_out", [row for row in found.outcomes if row.get("r") == "holdout"]),
                       ("sent_to", [row for row in found.outcomes if row["o"] in compared or row.get("r") == "frequency_cap"])):
        users = {f"u{found.outcomes.index(row)}": row["at"] for row in rows}
        within = [one for one in orders if one.ids[0][1] in users and 0 <= one.at - users[one.ids[0][1]] <= GOAL.within]
        shown = report["lift"][side]
        assert (shown["people"], shown["converted"]) == (len(rows), len({one.ids for one in within}))
        paid: dict[str, int] = defaultdict(int)
        for currency, minor in filter(None, map(worth, within)):
            paid[currency] += minor
        assert shown["revenue"] == paid


def test_whom_the_run_met_is_told_by_outcome_and_reason(told: tuple[Story, dict[str, Any]]) -> None:
    found, report = told
    skipped = [row["r"] for row in found.outcomes if row["o"] == "skipped"]
    assert report["recipients"]["people"] == PEOPLE
    assert report["recipients"]["outcomes"]["skipped"] == len(skipped)
    assert report["recipients"]["skipped"] == {reason: skipped.count(reason) for reason in set(skipped)}


def test_an_interval_that_holds_zero_is_not_significant() -> None:
    found = lift(Group(80, 48, {}), Group(70, 56, {}))
    assert found is not None
    assert found["significant"]
    assert found["interval"] == pytest.approx([-0.3339, -0.0524], abs=5e-5)
    assert found["more_conversions"] == -16
    close = lift(Group(10, 0, {}), Group(20, 0, {}))
    assert close is not None
    assert not close["significant"]


@pytest.mark.parametrize("groups", [(None, Group(1, 1, {})), (Group(1, 1, {}), None), (Group(0, 0, {}), Group(1, 0, {}))])
def test_without_a_holdout_there_is_no_lift(groups: tuple[Group | None, Group | None]) -> None:
    assert lift(*groups) is None


def test_a_person_who_was_merged_since_is_counted_once_with_what_both_did(tmp_path: Path) -> None:
    house = House()
    house.tell([person("u1"), person("ann@mail.test", "email")])
    first, second = house.profile("u1"), house.profile("ann@mail.test", "email")
    one = message("u1", first)
    house.tell([happened(one, "sent", STARTED), happened(one, "clicked", STARTED + HOUR, link_number=1)])
    ids = (("user_id", "u1"), ("email", "ann@mail.test"))
    house.tell([Event(STARTED, "both", 0, STARTED, STARTED, "shop", "identify", "$identify", ids, {"traits": {}})])
    house.tell([bought("u1", STARTED + DAY, 1, "o1", revenue=5, currency="EUR")._replace(ids=ids[1:])])
    house.compact()
    house.write([{"p": first, "o": "sent", "at": STARTED, "v": "a"}, {"p": second, "o": "skipped", "r": "address_taken"}])
    report = house.report(tmp_path)
    assert first != second
    assert house.profile("u1") == house.profile("ann@mail.test", "email")
    assert report["recipients"] == {"people": 1, "outcomes": {"sent": 1}, "skipped": {}, "sms_micro_usd": 0}
    assert report["totals"]["converted"] == 1


def test_another_run_and_another_campaign_are_not_in_it(tmp_path: Path) -> None:
    house = House()
    house.tell([person("u1")])
    mine, other = message("u1", "p1"), message("u1", "p1", run="r2")
    house.tell([happened(mine, "sent", STARTED), happened(other, "sent", STARTED + 1),
                happened(other, "opened", STARTED + 2)])
    house.compact()
    report = house.report(tmp_path)
    assert (report["totals"]["sent"], report["totals"]["opened"]) == (1, 0)


def test_what_tracking_and_feedback_say_is_understood(tmp_path: Path) -> None:
    house = House()
    house.tell([person("u1")])
    one, agent = message("u1", "p1"), Asked("GET", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile", {})
    at, url = STARTED + HOUR, "https://shop.test/boots?size=42"
    visits = [(Visit("opened", 0, at, True), ""), (Visit("clicked", 2, at, True), ""),
              (Visit("clicked", 3, at, False), "scanner")]
    said = [visit_event(one, visit, why, agent, url, at) for visit, why in visits]
    said.append(correction(one, Visit("opened", 0, at, True), "burst", at))
    for heard in (Feedback("delivery", STARTED + 1_000, one.tag, ()), Feedback("bounce", at, one.tag, (), "Permanent"),
                  Feedback("complaint", at, one.tag, (), reason="abuse")):
        said += events_of(heard, outcome_of(heard), one, one, at)
    house.tell([sent_event(one, STARTED), *said])
    house.compact()
    report = house.report(tmp_path)
    assert {what: report["totals"][what] for what in ("sent", "delivered", "opened", "opened_by_machines", "clicked",
            "clicked_by_machines", "bounced_hard", "bounced", "complained")} == {
        "sent": 1, "delivered": 1, "opened": 0, "opened_by_machines": 1, "clicked": 1, "clicked_by_machines": 1,
        "bounced_hard": 1, "bounced": 1, "complained": 1}
    assert [(part["name"], part["url"], part["clicked"]) for part in report["by_link"]] == [
        ("2", "https://shop.test/boots", 1), ("3", "https://shop.test/boots", 0)]
    assert {part["name"]: part["clicked"] for part in report["by_device"]} == {"mobile": 1}


def test_a_client_that_names_a_campaign_in_its_own_events_changes_no_report(tmp_path: Path) -> None:
    house = House()
    house.tell([person("u1"), happened(message("u1", "p1"), "sent", STARTED)._replace(source="shop")])
    house.compact()
    assert house.report(tmp_path)["totals"]["sent"] == 0


def test_before_the_first_compaction_the_caller_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="POST /api/lake/compact"):
        House().report(tmp_path)


def test_when_time_is_up_it_says_how_much_it_read(told: tuple[Story, dict[str, Any]], tmp_path: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socle.reports.service.report.batches", lambda sizes: [[number] for number in sizes])
    house = House()
    house.tell([person(f"u{number}") for number in range(20)])
    house.compact()
    report = house.report(tmp_path, budget=0)
    assert report["buckets"] == {"read": 1, "of": 4}
    assert not report["complete"]


def costly(report: dict[str, Any]) -> dict[str, Any]:
    return with_cost(report, {"SES": 20.0, "DynamoDB": 5.0}, {"EUR": 0.9}, {"EUR": 250})


def test_roi_is_told_in_currencies_whose_worth_is_known(told: tuple[Story, dict[str, Any]]) -> None:
    totals = {**told[1]["totals"], "revenue": {"EUR": 10_000, "JPY": 500}, "refunded": {"EUR": 1_000}, "converted": 4}
    found = costly({**told[1], "totals": totals})
    assert found["cost"]["usd"] == 25.0
    assert found["returns"] == {"EUR": {"cost": 2_500, "net_revenue": 9_000, "roi": 2.6, "per_conversion": 625}}


def test_a_fixed_cost_in_a_currency_without_a_rate_is_shown_and_no_return_is_told_without_it(
        told: tuple[Story, dict[str, Any]]) -> None:
    totals = {**told[1]["totals"], "revenue": {"USD": 10_000}, "refunded": {}, "converted": 4}
    found = with_cost({**told[1], "totals": totals}, {"SES": 20.0}, {}, {"EUR": 250})
    assert found["cost"]["other"] == {"EUR": 250}
    assert found["returns"]["USD"]["roi"] is None


def test_each_variant_and_domain_cost_as_much_as_it_had_of_the_messages(told: tuple[Story, dict[str, Any]]) -> None:
    found = costly(told[1])
    for by in ("variant", "domain"):
        parts = found[f"by_{by}"]
        assert sum(part["returns"]["EUR"]["cost"] for part in parts) == pytest.approx(2_500, abs=len(parts))
        for part in parts:
            assert part["returns"]["EUR"]["cost"] == round(2_500 * part["sent"] / found["totals"]["sent"])


def test_csv_has_a_row_for_the_whole_and_one_for_each_part(told: tuple[Story, dict[str, Any]]) -> None:
    report = costly(told[1])
    rows = list(csv.DictReader(io.StringIO(to_csv(report))))
    assert [row["by"] for row in rows].count("total") == 1
    assert int(rows[0]["sent"]) == report["totals"]["sent"]
    assert int(rows[0]["revenue_EUR"]) == report["totals"]["revenue"]["EUR"]
    assert float(rows[0]["roi_EUR"]) == report["returns"]["EUR"]["roi"]
    assert {row["cost_EUR"] for row in rows if row["by"] == "link"} == {""}
    assert {(row["by"], row["name"]) for row in rows[1:]} == {
        (by, part["name"]) for by in ("variant", "domain", "device", "link") for part in report[f"by_{by}"]}


def test_what_a_spreadsheet_would_run_stays_a_text(tmp_path: Path) -> None:
    house = House()
    house.tell([person("u1"), happened(message("u1", "p1", domain="=cmd"), "sent", STARTED)])
    house.compact()
    assert "domain,'=cmd," in to_csv(costly(house.report(tmp_path)))
