"""The picture of a journey: everything once, nothing upon anything else, and whatever people write is text."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.journeys.diagram.drawing import draw, returning
from socle.journeys.diagram.layout import Box, Layout, Link, arrange
from socle.journeys.diagram.text import in_xml, lines, width
from socle.journeys.figures import figures
from socle.journeys.graph import edges
from socle.journeys.model.document import JourneyDocument
from socle.journeys.ready import recipes
from tests.examples import examples

SVG = "{http://www.w3.org/2000/svg}"
CART: dict[str, Any] = {
    "trigger": {"type": "event", "event": "Product Added"}, "steps": [
        {"name": "Ordered?", "type": "hold", "timeout": "1d", "until": [
            {"event": "Order Completed", "next": "end"}, {"event": "Product Added", "next": "Ordered?"}]},
        {"name": "Test", "type": "split", "ways": [{"name": "a", "weight": 50, "next": "Offer"}, {"name": "b", "weight": 50}],
         "next": "end"},
        {"name": "Offer", "type": "send", "template": "offer"}]}


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def texts(svg: str, kind: str) -> list[str]:
    return [one.text or "" for one in parsed(svg).iter(f"{SVG}text") if kind in one.get("class", "").split()]


def drawn_steps(svg: str) -> list[str]:
    return [one.findtext(f"{SVG}title") or "" for one in parsed(svg).iter(f"{SVG}g") if one.get("class", "").startswith("step ")]


@st.composite
def documents(draw_: Any) -> JourneyDocument:
    """Any graph of steps, with circles, and steps that nothing leads to."""
    names = [f"Step {number}" for number in range(draw_(st.integers(1, 12)))]
    target = st.sampled_from([*names, "end"])
    steps: list[dict[str, Any]] = []
    for name in names:
        kind = draw_(st.sampled_from(["wait", "hold", "split", "webhook", "exit"]))
        if kind == "wait":
            steps.append({"name": name, "type": kind, "for": "1h", "next": draw_(target)})
        elif kind == "hold":
            ways = draw_(st.integers(1, 6))
            steps.append({"name": name, "type": kind, "timeout": "1d", "next": draw_(target),
                          "until": [{"event": f"Event {way}", "next": draw_(target)} for way in range(ways)]})
        elif kind == "split":
            steps.append({"name": name, "type": kind, "ways": [
                {"name": way, "weight": 50, "next": draw_(target)} for way in "ab"]})
        elif kind == "webhook":
            steps.append({"name": name, "type": kind, "url": "https://crm.example.com/", "on_failure": draw_(target)})
        else:
            steps.append({"name": name, "type": kind})
    return JourneyDocument.model_validate({"trigger": {"type": "request"}, "steps": steps})


def placed(document: JourneyDocument) -> tuple[list[Link], Layout]:
    """The steps laid out by themselves, with a label upon each way."""
    ways = edges(document)
    back = returning(ways, document.steps[0].name)
    boxes = [Box(step.name, 200, 60) for step in document.steps]
    links = [Link(step, target, 60, 20, (step, way) in back) for step, targets in ways.items()
             for way, target in targets.items() if target != "end"]
    return links, arrange(boxes, links)


@given(documents())
@examples(60)
def test_no_box_and_no_label_lies_upon_another(document: JourneyDocument) -> None:
    links, layout = placed(document)
    areas = [(one.x - one.width / 2, one.y - one.height / 2, one.x + one.width / 2, one.y + one.height / 2)
             for one in layout.places.values()]
    areas += [(x - 30, y - 10, x + 30, y + 10) for x, y in (one.label for one in layout.routes if one.label)]
    assert len(areas) == len(document.steps) + len(links)
    for place, (left, top, right, bottom) in enumerate(areas):
        assert left >= 0
        assert right <= layout.width
        for other in areas[place + 1:]:
            assert other[0] >= right - 0.01 or other[2] <= left + 0.01 or other[1] >= bottom or other[3] <= top


@given(documents())
@examples(40)
def test_lines_run_from_their_box_to_their_box_and_under_none(document: JourneyDocument) -> None:
    links, layout = placed(document)
    for link, route in zip(links, layout.routes, strict=True):
        source, target = layout.places[link.source], layout.places[link.target]
        (x, y), (to_x, to_y) = route.points[0], route.points[-1]
        assert abs(x - source.x) < source.width / 2
        assert (y, to_x, to_y) == pytest.approx((source.y + source.height / 2, target.x, target.y - target.height / 2))
        for (from_x, from_y), (next_x, next_y) in zip(route.points, route.points[1:], strict=False):
            if from_x != pytest.approx(next_x):
                continue  # it bends between two layers, where there are no boxes
            for one in layout.places.values():
                beside = abs(from_x - one.x) >= one.width / 2
                above_or_below = max(from_y, next_y) <= one.y - one.height / 2 + 0.01 or min(
                    from_y, next_y) >= one.y + one.height / 2 - 0.01
                assert beside or above_or_below


@given(documents())
@examples(40)
def test_every_step_and_every_way_is_drawn_once(document: JourneyDocument) -> None:
    svg = draw("any", document)
    assert sorted(drawn_steps(svg)) == sorted(step.name for step in document.steps)
    ways = edges(document)
    back = returning(ways, document.steps[0].name)
    together = {(step, target, (step, way) in back) for step, targets in ways.items() for way, target in targets.items()}
    paths = [one for one in parsed(svg).iter(f"{SVG}path") if "way" in one.get("class", "").split()]
    assert len(paths) == 1 + len(together)  # ways of a step to one place share a line
    labels = " ".join(texts(svg, "label"))
    for step in document.steps:
        if step.type == "hold":
            assert all(labels.count(way) >= 1 for way in ways[step.name])


@given(st.text(min_size=1, max_size=200))
@examples(200)
def test_whatever_people_write_is_text(text: str) -> None:
    written = json.loads(json.dumps(CART))
    written["steps"][0]["until"][0]["event"] = text.strip() or "x"
    if text.strip() in ("timed out", "Product Added"):
        return
    svg = draw("cart", JourneyDocument.model_validate(written))
    assert {one.tag for one in parsed(svg).iter()} <= {SVG + tag for tag in (
        "svg", "title", "desc", "style", "defs", "marker", "path", "rect", "text", "g", "circle")}


def test_markup_in_a_name_stays_text_and_characters_that_xml_forbids_are_replaced() -> None:
    assert in_xml("<script>alert('\"&\x00\ud800")  == "&lt;script&gt;alert(&#39;&quot;&amp;\ufffd\ufffd"
    svg = draw("<b>", JourneyDocument.model_validate(CART))
    assert "<b>" not in svg
    assert "<script" not in svg


def test_counts_stand_at_steps_and_ways() -> None:
    document = JourneyDocument.model_validate(CART)
    seen = figures(document, {
        ("", "entered"): 1200, ("", "goal"): 120, ("", "ended:completed"): 900, ("Ordered?", "timed out"): 800,
        ("Ordered?", "way:Order Completed"): 90, ("Ordered?", "way:Product Added"): 10, ("Test", "way:a"): 401,
        ("Test", "way:b"): 399, ("Offer", "sent"): 380, ("Offer", "skipped:no_consent"): 21}, {"Ordered?": 300})
    svg = draw("cart", document, "version 2, live", seen)
    assert {"1,200", "Order Completed · 90", "Product Added · 10", "timed out · 800", "a 50% · 401", "b 50% · 399"} <= set(
        texts(svg, "label"))
    assert "sent 380, skipped 21" in texts(svg, "says")
    assert "1,200 entered · 300 inside · 900 ended · 120 reached the goal (10.0%)" in texts(svg, "small")
    assert [one.findtext(f"{SVG}text") for one in parsed(svg).iter(f"{SVG}g") if one.get("class") == "badge"] == ["300 in"]


def test_exits_which_no_line_could_show_stand_above_with_their_counts() -> None:
    exits = [{"name": "bought", "event": "Order Completed"}, {"name": "staff", "segment": "staff"}]
    document = JourneyDocument.model_validate({**CART, "exits": exits})
    assert "Out from any step: bought · staff" in texts(draw("cart", document), "small")
    svg = draw("cart", document, "", figures(document, {("", "entered"): 1200, ("", "ended:exit:bought"): 900}, {}))
    assert "Out from any step: bought 900 · staff 0" in texts(svg, "small")
    assert "Out from any step: bought 900 · staff 0." in (parsed(svg).findtext(f"{SVG}desc") or "")
    heights = [float(one.get("y", 0)) for one in parsed(svg).iter(f"{SVG}text") if one.get("x") == "24"]
    assert heights == sorted(set(heights))


def test_who_hears_it_read_gets_every_step_with_its_ways() -> None:
    root = parsed(draw("cart", JourneyDocument.model_validate(CART)))
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", "title desc")
    said = root.findtext(f"{SVG}desc") or ""
    assert said.startswith("Begins: Product Added, then Ordered?.")
    assert "Then Order Completed: the end; Product Added: Ordered?; timed out: Test." in said


def test_a_picture_asks_for_nothing_from_elsewhere_and_suits_light_and_dark() -> None:
    svg = draw("cart", JourneyDocument.model_validate(CART))
    assert svg.count("http") == 1  # the name of SVG itself
    assert "prefers-color-scheme:dark" in svg


@pytest.mark.parametrize("step", ["長い名前" * 15, "W" * 60, "a " * 30, "x"])
def test_long_names_wrap_within_their_box(step: str) -> None:
    step = step.strip()[:60]
    broken = lines(step, 13.5, 200)
    assert "".join(broken).replace(" ", "") == step.replace(" ", "")
    assert all(width(one, 13.5) <= 200 for one in broken)


def test_too_much_text_ends_in_an_ellipsis() -> None:
    broken = lines("word " * 100, 12, 100, 3)
    assert len(broken) == 3
    assert broken[-1].endswith("…")


@pytest.mark.parametrize("name", [one.name for one in recipes()])
def test_every_recipe_has_a_picture(name: str) -> None:
    for document in next(one for one in recipes() if one.name == name).documents["journeys"].values():
        read = JourneyDocument.model_validate(document)
        assert sorted(drawn_steps(draw(name, read))) == sorted(step.name for step in read.steps)


def test_a_hundred_steps_and_twenty_ways_are_drawn() -> None:
    steps: list[dict[str, Any]] = [{"name": "Where from?", "type": "branch", "next": "Step 0", "cases": [
        {"name": f"country {number}", "event": [{"property": "c", "test": {"op": "eq", "value": number}}],
         "next": f"Step {number}"} for number in range(20)]}]
    steps += [{"name": f"Step {number}", "type": "wait", "for": "1d"} for number in range(98)]
    steps.append({"name": "Again", "type": "wait", "for": "1d", "next": "Where from?"})
    assert len(drawn_steps(draw("long", JourneyDocument.model_validate({"trigger": {"type": "request"}, "steps": steps})))) == 100
