"""The README of journeys shows a journey that can be saved, and names every trigger and every step that there is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.steps import Step
from socle.journeys.model.triggers import Trigger

README = (Path(__file__).parents[2] / "layers/core/python/socle/journeys/README.md").read_text()


def types(union: object) -> set[str]:
    """The `type`s of a tagged union."""
    return {get_args(one.model_fields["type"].annotation)[0] for one in get_args(get_args(union)[0])}


def test_the_journey_that_is_shown_is_one():
    [shown] = re.findall(r"```json\n(\{\"trigger\".*?)```", README, re.S)
    assert JourneyDocument.model_validate(json.loads(shown)).steps[0].name == "Left alone"


def test_every_trigger_and_every_step_is_named():
    triggers, steps = re.search(r"Triggers: `([a-z_ ]+)`. Steps: `([a-z_\s]+)`", README).groups()
    assert set(triggers.split()) == types(Trigger)
    assert set(steps.split()) == types(Step)
