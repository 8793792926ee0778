"""What is known of somebody's way before they are there: the plain waits that follow a step. Pure.

A wait has no function call of its own, so whoever leads to it writes it down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from socle.iso import to_iso
from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.row import WAITING, Logged, Place
from socle.journeys.model.steps import Wait
from socle.segments.durations import milliseconds


def waits(document: JourneyDocument, follows: Callable[[str, str, int], tuple[str, int]], place: Place,
          at: int) -> Mapping[Place, Logged]:
    """The waits that begin at `place`, which is come to at `at` (epoch ms), each with its end.

    follows  (step, way, round) → the next place
    """
    steps = {step.name: step for step in document.steps}
    found: dict[Place, Logged] = {}
    while isinstance(step := steps.get(place[0]), Wait) and place not in found and len(found) < len(steps):
        until = at + milliseconds(step.duration)
        found[place] = Logged(at, WAITING, to_iso(until))
        place, at = follows(place[0], "", place[1]), until
    return found
