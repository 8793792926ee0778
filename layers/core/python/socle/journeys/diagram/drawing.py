"""The diagram of a journey as SVG: each step once, each way once, and what the counters say of them. Pure.

No scripts, no fonts from elsewhere; light and dark as the reader's screen is. Somebody who hears it read gets the same as a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from socle.journeys.diagram.ink import ARROW, GLYPHS, STYLE
from socle.journeys.diagram.layout import Box, Link, Place, Route, arrange
from socle.journeys.diagram.text import in_xml, lines, width
from socle.journeys.figures import Figures, StepFigures
from socle.journeys.graph import NEXT, Edges, backward, edges, reachable
from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.steps import END, Split, Step
from socle.journeys.phrases import begins, brief, number

_BOX, _ICON, _PAD = 250.0, 34.0, 12.0
_NAME, _SMALL, _LABEL = 13.5, 11.5, 11.5
_BOLD = 1.08
"""How much wider bold text is."""
_NAME_LINE, _SMALL_LINE, _LABEL_LINE = 18.0, 15.0, 15.0
_LABEL_MOST = 170.0
_BEGIN, _ENDS = "\0begin", "\0end\0"
_HEAD, _EXITS = 64.0, 520.0
_SHOWN = ("sent", "unknown", "failed", "skipped", "done", "timed out", "held", "parked", "out")


class _Card(NamedTuple):
    """A step as text: lines of its name, of what it does, of what the counters say."""

    step: Step
    name: list[str]
    does: list[str]
    says: list[str]

    @property
    def height(self) -> float:
        return 2 * _PAD + len(self.name) * _NAME_LINE + (len(self.does) + len(self.says)) * _SMALL_LINE


class _Way(NamedTuple):
    """Ways of one step that lead to the same place: one line with a label of several lines."""

    source: str
    target: str
    label: list[str]
    back: bool


def draw(name: str, document: JourneyDocument, subtitle: str = "", figures: Figures | None = None) -> str:
    """The SVG of a journey, with counts when there are any."""
    cards = {step.name: _card(step, figures.steps.get(step.name) if figures else None) for step in document.steps}
    ways = list(_ways(document, figures))
    begin = lines(begins(document.trigger), _SMALL, _BOX - 2 * _PAD, 3)
    boxes = [Box(_BEGIN, _BOLD * max(width(line, _SMALL) for line in begin) + 4 * _PAD, 2 * _PAD + len(begin) * _SMALL_LINE)]
    boxes += [Box(card.step.name, _BOX, card.height) for card in cards.values()]
    boxes += [Box(way.target, 16, 16) for way in ways if way.target.startswith(_ENDS)]
    layout = arrange(boxes, [_link(way) for way in ways])
    heading = [name if not subtitle else f"{name} · {subtitle}", *(_totals(figures) if figures else []),
               *_exits(document, figures)]
    wide = max(layout.width, width(heading[0], 16 * _BOLD) + 48, *(width(line, _SMALL) + 48 for line in heading[1:]))
    shift, head = (wide - layout.width) / 2, _HEAD + max(len(heading) - 2, 0) * _SMALL_LINE
    return "".join(_svg(wide, layout.height + head, name, document, figures, heading, [
        f'<g transform="translate({shift:.1f} {head:.0f})">',
        *(_line(route) for route in layout.routes),
        *_start(layout.places[_BEGIN], begin),
        *(_end(place) for key, place in layout.places.items() if key.startswith(_ENDS)),
        *(part for key, card in cards.items() for part in _drawn(card, layout.places[key],
                                                                  figures.steps.get(key) if figures else None)),
        *(part for way, route in zip(ways, layout.routes, strict=True) for part in _labelled(way, route)), "</g>"]))


def returning(ways: Edges, first: str) -> set[tuple[str, str]]:
    """The (step, way) that lead back, also among steps that nothing leads to from the first one."""
    found, left = set[tuple[str, str]](), dict(ways)
    while left:
        start = first if first in left else next(iter(left))
        found |= backward(left, start)
        for step in reachable(left, start):
            del left[step]
    return found


def _ways(document: JourneyDocument, figures: Figures | None) -> Iterator[_Way]:
    first = document.steps[0].name
    every = edges(document)
    back = returning(every, first)
    yield _Way(_BEGIN, first, [f"{figures.entered:,}"] if figures else [], False)
    for step in document.steps:
        by_target: dict[tuple[str, bool], list[str]] = {}
        for way, target in every[step.name].items():
            by_target.setdefault((target, (step.name, way) in back), []).append(way)
        for (target, returns), names in by_target.items():
            label = [] if NEXT in names and len(names) > 1 else [
                line for way in names for line in _label(step, way, figures.steps[step.name] if figures else None)]
            yield _Way(step.name, f"{_ENDS}{step.name}" if target == END else target, label, returns)


def _label(step: Step, way: str, seen: StepFigures | None) -> list[str]:
    many = seen.went.get(way) if seen else None
    count = "" if many is None else f"{many:,}"
    if way == NEXT:
        return [count] if count else []
    share = next((f" {one.weight:g}%" for one in step.ways if one.name == way), "") if isinstance(step, Split) else ""
    found = lines(way + share, _LABEL, _LABEL_MOST, 3)
    return [*found[:-1], f"{found[-1]} · {count}" if count else found[-1]]


def _link(way: _Way) -> Link:
    if not way.label:
        return Link(way.source, way.target, back=way.back)
    return Link(way.source, way.target, max(width(line, _LABEL) for line in way.label) + 10, len(way.label) * _LABEL_LINE + 4,
                way.back)


def _card(step: Step, seen: StepFigures | None) -> _Card:
    room = _BOX - _ICON - _PAD
    badge = width(f"{seen.inside:,} in", _SMALL) + 16 if seen and seen.inside else 0
    does = lines(brief(step), _SMALL, room, 3)
    return _Card(step, lines(step.name, _NAME * _BOLD, room - badge), does if does != [""] else [],
                 lines(", ".join(_says(seen)), _SMALL, room, 3) if seen and any(_says(seen)) else [])


def _says(seen: StepFigures) -> list[str]:
    sums: dict[str, int] = {}
    for what, many in seen.outcomes.items():
        kind = what.partition(":")[0]
        sums[kind] = sums.get(kind, 0) + many
    found = [f"{what} {sums[what]:,}" for what in _SHOWN if sums.get(what)]
    return [*found, *([f"left here {seen.left:,}"] if seen.left else [])]


def _totals(figures: Figures) -> list[str]:
    reached = f" ({100 * figures.goal / figures.entered:.1f}%)" if figures.entered else ""
    ended = sum(figures.ended.values())
    parts = [f"{figures.entered:,} entered", f"{figures.inside:,} inside", f"{ended:,} ended",
             f"{figures.goal:,} reached the goal{reached}"]
    return [" · ".join([*parts, *([f"{figures.holdout:,} held out"] if figures.holdout else [])])]


def _exits(document: JourneyDocument, figures: Figures | None) -> list[str]:
    """What takes people out of any step, which no line of the picture could show."""
    if not document.exits:
        return []
    said = [one.name + (f" {figures.ended.get(f'exit:{one.name}', 0):,}" if figures else "") for one in document.exits]
    return lines(f"Out from any step: {' · '.join(said)}", _SMALL, _EXITS, 3)


def _svg(wide: float, high: float, name: str, document: JourneyDocument, figures: Figures | None, heading: list[str],
         body: list[str]) -> Iterator[str]:
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc" viewBox="0 0 {wide:.0f} {high:.0f}" '
           f'width="{wide:.0f}" height="{high:.0f}"><title id="title">{in_xml(f"Journey {name}")}</title>'
           f'<desc id="desc">{in_xml(_told(document, figures))}</desc><style>{STYLE}</style>{ARROW}')
    yield f'<rect class="page" width="{wide:.0f}" height="{high:.0f}"/>'
    yield f'<text class="head" x="24" y="34">{in_xml(heading[0])}</text>'
    for at, line in enumerate(heading[1:]):
        yield f'<text class="small" x="24" y="{54 + at * _SMALL_LINE:.0f}">{in_xml(line)}</text>'
    yield from body
    yield "</svg>"


def _told(document: JourneyDocument, figures: Figures | None) -> str:
    every = edges(document)
    said = [f"Begins: {begins(document.trigger)}, then {document.steps[0].name}."]
    for step in document.steps:
        seen = figures.steps.get(step.name) if figures else None
        inside = f" {number(seen.inside, 'person')} inside." if seen and seen.inside else ""
        ways = "; ".join(f"{way + ': ' if way else ''}{'the end' if target == END else target}"
                         for way, target in every[step.name].items())
        said.append(f"{step.name} ({step.type}{', ' if brief(step) else ''}{brief(step)}).{inside}"
                    + (f" Then {ways}." if ways else " The end."))
    exits = " ".join(_exits(document, figures))
    return " ".join([*said, f"{exits}." if exits else ""]).strip()


def _start(place: Place, text: list[str]) -> Iterator[str]:
    left, top = place.x - place.width / 2, place.y - place.height / 2
    yield (f'<rect class="begin" x="{left:.1f}" y="{top:.1f}" width="{place.width:.1f}" height="{place.height:.1f}" '
           f'rx="{min(place.height / 2, 20):.1f}"/>')
    for at, line in enumerate(text):
        yield f'<text class="onbegin" x="{place.x:.1f}" y="{top + _PAD + 11 + at * _SMALL_LINE:.1f}">{in_xml(line)}</text>'


def _end(place: Place) -> str:
    return (f'<g class="end"><title>the end</title><circle cx="{place.x:.1f}" cy="{place.y:.1f}" r="7"/>'
            f'<circle class="dot" cx="{place.x:.1f}" cy="{place.y:.1f}" r="3.5"/></g>')


def _drawn(card: _Card, place: Place, seen: StepFigures | None) -> Iterator[str]:
    left, top = place.x - place.width / 2, place.y - place.height / 2
    yield (f'<g class="step {card.step.type}" transform="translate({left:.1f} {top:.1f})"><title>{in_xml(card.step.name)}</title>'
           f'<rect class="card" width="{place.width:.1f}" height="{place.height:.1f}" rx="9"/>'
           f'<g class="icon" transform="translate(9 11)"><circle cx="9" cy="9" r="10.5"/>{GLYPHS[card.step.type]}</g>')
    y = _PAD + 12
    for line in card.name:
        yield f'<text class="name" x="{_ICON + 2:.0f}" y="{y:.1f}">{in_xml(line)}</text>'
        y += _NAME_LINE
    for kind, text in (("small", card.does), ("small says", card.says)):
        for line in text:
            yield f'<text class="{kind}" x="{_ICON + 2:.0f}" y="{y - 2:.1f}">{in_xml(line)}</text>'
            y += _SMALL_LINE
    if seen and seen.inside:
        badge = f"{seen.inside:,} in"
        wide = width(badge, _SMALL) + 14
        yield (f'<g class="badge" transform="translate({place.width - wide - 8:.1f} 9)">'
               f'<rect width="{wide:.1f}" height="19" rx="9.5"/><text x="{wide / 2:.1f}" y="13.5">{badge}</text></g>')
    yield "</g>"


def _line(route: Route) -> str:
    (x, y), *rest = route.points
    path = [f"M{x:.1f} {y:.1f}"]
    for place, (to_x, to_y) in enumerate(rest):
        if abs(to_x - x) < 0.05:
            path.append(f"V{to_y:.1f}")
        elif route.back and to_y == y:  # it turns: below the box that it leaves, above the one that it comes to
            bend = y + 24 if place < len(rest) / 2 else y - 24
            path.append(f"C{x:.1f} {bend:.1f} {to_x:.1f} {bend:.1f} {to_x:.1f} {to_y:.1f}")
        else:
            middle = (y + to_y) / 2
            path.append(f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}")
        x, y = to_x, to_y
    return f'<path class="way{" back" if route.back else ""}" d="{"".join(path)}" marker-end="url(#arrow)"/>'


def _labelled(way: _Way, route: Route) -> Iterator[str]:
    if route.label is None:
        return
    x, y = route.label
    link = _link(way)
    yield (f'<rect class="halo" x="{x - link.width / 2:.1f}" y="{y - link.height / 2:.1f}" width="{link.width:.1f}" '
           f'height="{link.height:.1f}" rx="4"/>')
    for place, line in enumerate(way.label):
        yield f'<text class="label" x="{x:.1f}" y="{y - link.height / 2 + 13 + place * _LABEL_LINE:.1f}">{in_xml(line)}</text>'
