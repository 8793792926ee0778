"""The recipes say what they need and what to change, and say it truly."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from infra.apply import files
from socle.definitions.kinds import KINDS
from socle.errors import NotFound
from socle.journeys.ready import FOLDER, ORDER, names, recipe, recipes
from socle.profiles.fold import fold
from socle.profiles.model import Snapshot
from socle.profiles.orders import standing
from socle.segments.document import Segment
from socle.segments.evaluate import evaluate
from socle.segments.facts import person_of
from socle.segments.plan import Plans
from socle.segments.watches import watches
from tests.people import T0, event, identify

DAY = 86_400_000
THIRTEEN = ("abandoned-cart", "at-risk-account", "back-in-stock", "binge-viewers", "birthday", "browse-abandonment",
            "geofence-offer", "loyalty-tiers", "post-purchase", "re-engagement", "subscription-renewal", "welcome", "win-back")
OURS = ("Email Opened", "Email Link Clicked")
"""Events of messages, which segments also ask for by `engagement`."""


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(one)


def events_in(name: str) -> set[str]:
    found = set()
    for kind in ("journeys", "segments", "computed-traits"):
        for part in parts(recipe(name).documents.get(kind, {})):
            one = part.get("event")
            if isinstance(one, str):
                found.add(one)
            if part.get("type") == "geofence":
                found.add("Location Updated")
            if part.get("points") and part.get("type") == "update":
                found.add("Points Earned")
    return found


def test_the_thirteen_are_there() -> None:
    assert tuple(names()) == THIRTEEN


@pytest.mark.parametrize("name", THIRTEEN)
def test_a_recipe_names_the_events_that_it_works_with(name: str) -> None:
    assert set(recipe(name).needs.events) - set(OURS) == events_in(name) - set(OURS)


@pytest.mark.parametrize("name", THIRTEEN)
def test_a_recipe_names_the_topics_on_which_it_sends_and_brings_them(name: str) -> None:
    documents = recipe(name).documents
    topics = {part["topic"] for part in parts(documents["journeys"]) if "steps" in part and "topic" in part}
    assert topics == set(recipe(name).needs.topics) == set(documents["topics"])


@pytest.mark.parametrize("name", THIRTEEN)
def test_its_read_me_says_all_of_that(name: str) -> None:
    text = (FOLDER / name / "README.md").read_text()
    one = recipe(name)
    for said in (*one.needs.events, *one.needs.traits, *one.needs.topics, *one.change):
        assert f"`{said}`" in text, said
    assert f"make apply DIR=layers/core/python/socle/journeys/recipes/{name}\n" in text


@pytest.mark.parametrize("name", THIRTEEN)
def test_what_is_to_be_changed_is_there(name: str) -> None:
    for place in recipe(name).change:
        file, _, pointer = place.partition("#")
        assert (FOLDER / name / file).is_file(), place
        if not pointer:
            continue
        document = json.loads((FOLDER / name / file).read_text())
        *path, last = pointer.removeprefix("/").split("/")
        for key in path:
            document = document[int(key) if isinstance(document, list) else key]
        model = KINDS["journeys"].model_fields
        assert int(last) < len(document) if isinstance(document, list) else last in document or last in model, place


@pytest.mark.parametrize("name", THIRTEEN)
def test_its_kinds_stand_in_an_order_in_which_they_can_be_written(name: str) -> None:
    kinds = [one.name for one in (FOLDER / name).iterdir() if one.is_dir()]
    assert set(kinds) <= set(ORDER)
    assert list(recipe(name).documents) == [kind for kind in ORDER if kind in kinds]
    assert set(ORDER) <= set(KINDS)


def test_two_recipes_in_one_workspace_do_not_change_each_other() -> None:
    """What several bring is the same in all of them, to the letter."""
    seen: dict[tuple[str, str], Any] = {}
    for one in recipes():
        for kind, documents in one.documents.items():
            for name, document in documents.items():
                assert seen.setdefault((kind, name), document) == document, (one.name, kind, name)


def test_names_of_documents_fit() -> None:
    for one in recipes():
        assert one.name in one.documents["journeys"] or one.name == "loyalty-tiers"
        assert all(re.fullmatch("[a-z0-9-]+", name) for documents in one.documents.values() for name in documents)


@pytest.mark.parametrize("name", THIRTEEN)
def test_make_apply_reads_what_the_api_answers(name: str) -> None:
    found: dict[str, dict[str, Any]] = {}
    for one in files.read(FOLDER / name):
        found.setdefault(one.kind, {})[one.name] = one.document
    assert found == recipe(name).documents


def test_an_unknown_recipe_is_refused_with_the_names_of_the_others() -> None:
    with pytest.raises(NotFound, match="abandoned-cart"):
        recipe("../recipes/abandoned-cart")


@pytest.mark.parametrize(("plan", "role", "days", "member"), [
    ("business", "owner", 15, True), ("business", "owner", 13, False), ("business", "guest", 15, False),
    ("free", "owner", 15, False)])
def test_an_account_is_at_risk_when_it_pays_and_its_owner_stays_away(plan: str, role: str, days: int, member: bool) -> None:
    document = recipe("at-risk-account").documents["segments"]["account-owners-at-risk"]
    node = Plans({"risk": Segment.model_validate(document).model_dump(mode="json")}, {}).segment("risk")
    history = [identify(1, ts=T0, traits={"role": role}), event(2, name="Signed In", ts=T0, context={"groupId": "acme"})]
    given = {"account:acme": {"traits": {"plan": plan}, "segments": {}}}
    person = person_of("p", fold(Snapshot(), history), given, watches([node]), standing(history))
    assert evaluate(node, person, T0 + days * DAY).true == member
