"""Journeys over HTTP: how one stands, who is where in it and why, who stopped, and its picture."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import boto3
import pytest

from socle.iso import to_iso
from socle.journeys import told
from socle.journeys.entering import entered
from socle.journeys.holds import register
from socle.journeys.model.release import STOPPED
from socle.journeys.model.row import Inside, Logged, Parked
from socle.journeys.rules import course_of
from socle.journeys.store import Counters, EntryStore
from socle.profiles.codec import encode_aggregate
from socle.profiles.store import ProfileStore
from socle.releases.store import ReleaseStore, Standing
from socle.segments.plan import Plans
from tests.journeys.people import CART, HOUR, Somebody, did, release
from tests.people import SECOND, T0

AUDIENCE = {"type": "trait", "trait": "plan", "test": {"op": "eq", "value": "gold"}}


@pytest.fixture(scope="module")
def shop(services: Any) -> dict[str, Any]:
    """A journey `cart` with three people inside: one held, one stopped, one about to be reminded; and nothing of `secret`."""
    dynamodb: Any = boto3.client("dynamodb")
    releases, entries = ReleaseStore(dynamodb, "definitions"), EntryStore(dynamodb, "profiles")
    releases.publish(release(), Standing())
    releases.publish(release(CART | {"audience": AUDIENCE, "holdout": 0.01}, "secret", 2), Standing())
    people = {}
    for number, name in enumerate(("held", "failed", "due")):
        person = Somebody(name=name).does(did(1, "Product Added", cart_id=f"c{number}"))
        (entry,) = person.entries
        person.aggregate.journeys = (register(entry, "Left alone", 0, HOUR, T0 + SECOND),)
        ProfileStore(dynamodb, "profiles").save(person.aggregate, encode_aggregate(person.aggregate))
        one = Inside(entry.id, name, 1)
        entries.enter("cart", one, entry.at)
        entries.inside("cart", one)
        said = Logged(entry.at, "holding", to_iso(entry.at + HOUR)) if name == "held" else Logged(entry.at + HOUR, "timed out")
        entries.log(name, entry.id, {("Left alone", 0): said})
        people[name] = entry
    stopped = people["failed"]
    entries.log("failed", stopped.id, {("Remind", 0): Logged(T0 + 2 * HOUR, "parked", "failed: unknown_template")})
    entries.park("cart", Parked(stopped.id, "failed", 1, "Remind", 0, "failed: unknown_template", T0 + 2 * HOUR), "token")
    Counters(dynamodb, "definitions").add("cart", 1, {
        ("", "entered"): 5, ("", "ended:completed"): 1, ("", "ended:exit:cleared"): 1, ("", "goal"): 1, ("", "holdout"): 2,
        ("Left alone", "holding"): 5, ("Left alone", "way:Order Completed"): 1, ("Left alone", "timed out"): 2})
    return people


def test_a_person_sees_where_they_are_how_they_came_there_and_what_is_next(call: Any, shop: dict[str, Any]) -> None:
    found = call("GET", "/api/journeys/cart/people/held").json
    assert (found["profile"], found["state"], found["version"]) == ("held", "live", 1)
    (entry,) = found["entries"]
    assert (entry["entry"], entry["state"], entry["key"]) == (shop["held"].id, "inside", "c0")
    assert (entry["at"]["step"], entry["at"]["state"], entry["path"]) == ("Left alone", "holding", [])
    assert entry["at"]["ways"] == {"Order Completed": "end", "Checkout Started": "Offer", "timed out": "Remind"}


def test_an_entry_that_the_profile_has_forgotten_is_told_by_its_events(call: Any, shop: dict[str, Any]) -> None:
    entry = entered(course_of(release(), Plans({}, {}), {}), "old", "c9", (T0, "e"), "e", False, "")
    out = entry._replace(ended=T0 + 2 * HOUR, reason="completed")
    who = (("user_id", "old"),)
    person = Somebody(name="old").does(told.entered(entry, who), told.exited(out, who))
    person.aggregate.journeys = ()
    dynamodb: Any = boto3.client("dynamodb")
    ProfileStore(dynamodb, "profiles").save(person.aggregate, encode_aggregate(person.aggregate))
    entries = EntryStore(dynamodb, "profiles")
    entries.enter("cart", Inside(entry.id, "old", 1), T0)
    entries.log("old", entry.id, {("Left alone", 0): Logged(T0 + HOUR, "timed out"), ("Remind", 0): Logged(T0 + HOUR, "sent")})
    (found,) = call("GET", "/api/journeys/cart/people/old").json["entries"]
    assert (found["entry"], found["state"], found["reason"]) == (entry.id, "ended", "completed")
    assert [(one["step"], one["outcome"]) for one in found["path"]] == [("Left alone", "timed out"), ("Remind", "sent")]


def test_why_somebody_is_not_let_in_again_is_said_by_the_consumers_own_rules(call: Any, shop: dict[str, Any]) -> None:
    enters = call("GET", "/api/journeys/cart/people/held").json["enters"]
    assert (enters["would_enter"], enters["reason"]) == (False, "entry")
    assert "inside already with the key 'c0'" in enters["says"]
    assert enters["last"]["entry"] == shop["held"].id


def test_who_is_not_of_the_audience_sees_the_conditions(call: Any, shop: dict[str, Any]) -> None:
    found = call("GET", "/api/journeys/secret/people/held").json
    assert found["entries"] == []
    audience = next(one for one in found["enters"]["checks"] if one["rule"] == "audience")
    assert (audience["holds"], audience["because"]["true"], audience["because"]["type"]) == (False, False, "trait")
    assert (found["enters"]["last"]["event"], found["enters"]["last"]["reason"]) == ("Product Added", "audience")


def test_how_a_journey_stands_step_by_step(call: Any, shop: dict[str, Any]) -> None:
    found = call("GET", "/api/journeys/cart/state").json
    assert (found["entered"], found["inside"], found["held_out"], found["goal"]) == (5, 3, 2, 1)
    assert found["ended"] == {"completed": 1, "exit:cleared": 1}
    held, remind, offer = found["steps"]
    assert (held["came"], held["inside"], held["left"]) == (5, 1, 1)
    assert held["went"] == {"Order Completed": 1, "Checkout Started": 0, "timed out": 2}
    assert (remind["came"], remind["share"], remind["inside"]) == (2, 0.4, 2)
    assert (offer["came"], found["inside_is_exact"], found["looked_at"]) == (0, True, 3)
    assert call("GET", "/api/journeys/cart/state", query={"version": "7"}).error["code"] == "unknown_version"


def test_who_is_inside_is_listed_page_by_page_by_step_and_state(call: Any, shop: dict[str, Any]) -> None:
    met, cursor = [], ""
    while True:
        page = call("GET", "/api/journeys/cart/people", query={"limit": "1"} | ({"cursor": cursor} if cursor else {})).json
        met += [(one["profile"], one["step"], one["state"]) for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(met) == [("due", "Remind", "due"), ("failed", "Remind", "parked"), ("held", "Left alone", "holding")]
    def profiles(**query: str) -> list[str]:
        found: list[str] = []
        more: dict[str, str] = {}
        while True:
            page = call("GET", "/api/journeys/cart/people", query=query | more).json
            found += [one["profile"] for one in page["items"]]
            if page["next"] is None:
                return sorted(found)
            more = {"cursor": page["next"]}
    assert profiles(step="Remind") == ["due", "failed"]
    assert profiles(state="parked") == ["failed"]
    assert call("GET", "/api/journeys/cart/people", query={"cursor": "x"}).error["field"] == "cursor"
    unknown = call("GET", "/api/journeys/cart/people", query={"step": "Remnd"})
    assert (unknown.status, unknown.error["code"], unknown.error["field"]) == (400, "unknown_step", "step")


def test_who_stopped_is_listed_with_what_lets_them_go_on(call: Any, shop: dict[str, Any]) -> None:
    (one,) = call("GET", "/api/journeys/cart/parked").json["items"]
    assert (one["profile"], one["step"], one["why"], one["code"]) == ("failed", "Remind", "failed", "unknown_template")
    assert "POST /api/journeys/cart/redrive" in one["says"]


def test_the_picture_of_a_journey_is_svg_with_its_counts(call: Any, shop: dict[str, Any]) -> None:
    answer = call("GET", "/api/journeys/cart/diagram.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    drawn = ElementTree.fromstring(answer.text)
    assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
    assert "5 entered · 3 inside" in answer.text


def test_what_was_not_published_is_drawn_as_it_is_written_and_has_no_state(call: Any, services: Any) -> None:
    assert call("GET", "/api/journeys/none/diagram.svg").error["code"] == "unknown_definition"
    assert call("GET", "/api/journeys/none/state").error["code"] == "unknown_definition"
    written = {key: value for key, value in CART.items() if key != "steps"} | {
        "steps": [{"type": "wait", "name": "A day", "for": "1d"}, {"type": "exit", "name": "Over"}]}
    assert call("PUT", "/api/journeys/draft", body=written).status == 200
    assert call("GET", "/api/journeys/draft/state").error["code"] == "not_published"
    assert "not published" in call("GET", "/api/journeys/draft/diagram.svg").text


def test_a_stopped_journey_says_so(call: Any, shop: dict[str, Any]) -> None:
    ReleaseStore(boto3.client("dynamodb"), "definitions").change("secret", lambda one: one._replace(state=STOPPED))
    enters = call("GET", "/api/journeys/secret/people/due").json["enters"]
    assert (enters["reason"], "stopped" in enters["says"]) == ("open", True)


def test_the_report_compares_with_those_held_out_and_tells_the_cost(call: Any, shop: dict[str, Any]) -> None:
    found = call("GET", "/api/journeys/cart/report").json
    assert (found["entered"], found["inside"], found["lake"], found["versions"]) == (5, 3, None, [1])
    assert (found["converted"]["rate"], found["holdout"]["rate"], found["lift"]["difference"]) == (0.2, 0, 0.2)
    assert found["lift"]["significant"] is False
    assert [step["step"] for step in found["steps"]] == ["Remind", "Offer"]
    assert found["cost"]["transitions"] > 0
    assert "Step Functions" in found["cost"]["services"]
    rows = call("GET", "/api/journeys/cart/report", query={"format": "csv"}).text.splitlines()
    assert [row.split(",")[:2] for row in rows] == [["by", "name"], ["total", ""], ["step", "Remind"], ["step", "Offer"]]


def test_what_became_of_messages_comes_from_the_lake_when_it_is_asked(call: Any, services: Any, shop: dict[str, Any]) -> None:
    class Function:
        def ask(self, question: dict[str, Any]) -> dict[str, Any]:
            assert question == {"what": "journey", "journey": "cart"}
            return {"messages": {"Remind": {"sent": 2, "clicked": 1}}, "as_of": to_iso(T0), "complete": True}

    services.__dict__["campaign_reports"] = Function()
    found = call("GET", "/api/journeys/cart/report", query={"messages": "true"}).json
    del services.__dict__["campaign_reports"]
    assert found["steps"][0]["messages"] == {"sent": 2, "clicked": 1}
    assert found["lake"] == {"as_of": to_iso(T0), "complete": True}
