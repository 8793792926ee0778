"""The definitions of one load: every recipe by itself, groups of them, computed traits, and segments of segments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from pydantic import BaseModel, ValidationError

from socle.segments.document import ComputedTrait, Segment
from tests.segments.differential.predicates import Document
from tests.segments.differential.recipes import RECIPES, measure, tested
from tests.segments.differential.words import DURATIONS, ZONES, Moments

LEAVES = tuple(name for name in RECIPES if name != "everyone")
FUNCTIONS = ("sum", "average", "min", "max", "distinct", "most_frequent", "first", "last")


@dataclass
class Definitions:
    """segments and computed traits as they are stored, and what each segment is there to show."""

    segments: dict[str, Document] = field(default_factory=dict)
    computed: dict[str, Document] = field(default_factory=dict)
    shows: dict[str, str] = field(default_factory=dict)


def stored(model: type[BaseModel], document: Mapping[str, Any]) -> Document:
    """A document as it is saved. Raises ValidationError."""
    return model.model_validate(document).model_dump(mode="json")


Judge = Callable[[Definitions, Document], float]
"""How much a segment tells of some people: the more of them differ, the more."""
ENOUGH, DRAWS = 0.99, 8


def definitions(chance: Random, moments: Moments, judge: Judge, groups: int = 42) -> Definitions:
    """Every recipe once, each computed trait, `groups` nested ones; of several draws the first that tells enough."""
    made = Definitions()
    for name in FUNCTIONS:
        _computed(made, name, lambda name=name: {"type": "aggregate", **measure(name, chance, moments)}, chance)
    _computed(made, "points", lambda: _score(chance, moments, decays=False, thresholds=False), chance)
    _computed(made, "decaying", lambda: _score(chance, moments, decays=True, thresholds=False), chance)
    _computed(made, "labelled", lambda: _score(chance, moments, decays=True, thresholds=True), chance)
    _computed(made, "persona", lambda: {"type": "persona", "cases": [
        {"label": label, "when": leaf(chance, moments)} for label in ("saver", "fan", "saver", "fan of all")]}, chance)
    for shows, recipe in RECIPES.items():
        _add(made, shows, lambda recipe=recipe: recipe(chance, moments), chance, moments.zone, judge)
    for name in made.computed:
        _add(made, f"computed {name}", lambda name=name: _of_computed(name, chance), chance, moments.zone, judge)
    for number in range(groups):
        kind = ("all", "any", "at_least", "not", "segment", "segment")[number % 6]
        _add(made, kind, lambda kind=kind: nested(chance, moments, made, kind, 3), chance, moments.zone, judge)
    return made


def _computed(made: Definitions, name: str, make: Callable[[], Document], chance: Random) -> None:
    made.computed[name.replace("_", "-")] = _valid(ComputedTrait, lambda: {"timezone": chance.choice(ZONES), "value": make()})


def _add(made: Definitions, shows: str, make: Callable[[], Document], chance: Random, zone: str, judge: Judge) -> None:
    best, most = {}, -1.0
    for _ in range(DRAWS):
        one = _valid(Segment, lambda: {"timezone": chance.choice((zone, zone, *ZONES)), "when": make()})
        if (told := judge(made, one)) > most:
            best, most = one, told
        if most >= ENOUGH:
            break
    name = f"s{len(made.segments)}"
    made.segments[name], made.shows[name] = best, shows


def _valid(model: type[BaseModel], make: Callable[[], Document]) -> Document:
    """Some draws make no sense (a window that ends before it begins): draw again."""
    for _ in range(20):
        try:
            return stored(model, make())
        except ValidationError as error:
            refused = error
    raise refused


def leaf(chance: Random, moments: Moments) -> Document:
    """A condition that has no others in it."""
    return RECIPES[chance.choice(LEAVES)](chance, moments)


def nested(chance: Random, moments: Moments, made: Definitions, kind: str, depth: int) -> Document:
    """A group of this kind, with groups in it."""
    if kind == "segment":
        return {"type": "segment", "segment": chance.choice((*made.segments, *list(made.segments)[-20:], "nowhere"))}

    def inner() -> Document:
        if depth and chance.random() < 0.4:
            return nested(chance, moments, made, chance.choice(("all", "any", "at_least", "not", "segment")), depth - 1)
        if chance.random() < 0.1:
            return _of_computed(chance.choice(tuple(made.computed)), chance)
        return leaf(chance, moments)

    if kind == "not":
        return {"type": "not", "of": inner()}
    parts = [inner() for _ in range(chance.choice((1, 2, 2, 3, 4)))]
    return {"type": kind, "of": parts} | ({"count": chance.randint(1, len(parts))} if kind == "at_least" else {})


def _score(chance: Random, moments: Moments, decays: bool, thresholds: bool) -> Document:
    rules: list[Document] = []
    for number in range(chance.randint(2, 4)):
        if decays and number % 2 == 0:
            form = chance.choice(("ever", "within", "since", "until", "between"))
            rules.append({"points": chance.choice((5, 10)), "when": RECIPES[f"event gte {form}"](chance, moments),
                          "decay": {"every": chance.choice(tuple(DURATIONS)[:-2]), "lose": chance.choice((1, 2, 5))}})
        else:
            rules.append({"points": chance.choice((-5, 3, 10)), "when": leaf(chance, moments)})
    steps = [{"least": least, "label": label} for least, label in ((3, "warm"), (-2, "cold"), (9, "hot"))] if thresholds else []
    return {"type": "score", "rules": rules, "thresholds": steps}


def _of_computed(name: str, chance: Random) -> Document:
    function = name.replace("-", "_")
    if function in FUNCTIONS:
        test = tested(function, False, chance)
    elif name in ("points", "decaying"):
        bound = chance.choice((0, 3, 5, 10, 4, 2.5))
        test = chance.choice(({"op": chance.choice(("gt", "gte", "lt", "lte", "eq")), "value": bound}, {"op": "exists"},
                              {"op": "between", "min": 1, "max": max(bound, 1)}, {"op": "in", "values": [0, 3, 5]}))
    else:
        test = chance.choice(({"op": "eq", "value": chance.choice(("hot", "warm", "saver", "fan"))}, {"op": "exists"},
                              {"op": "in", "values": ["warm", "cold", "fan"]}, {"op": "contains", "value": "a"},
                              {"op": "starts_with", "value": chance.choice("wfs")}, {"op": "matches", "pattern": "^(h|s|fan$)"}))
    return {"type": "computed", "trait": name, "test": test}
