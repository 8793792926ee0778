"""The language's README: its examples can be written, and they have every condition that there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

from socle.segments.document import ComputedTrait, Segment
from socle.segments.plan import _MAKERS
from socle.segments.walk import conditions_in

PAGE = (Path(__file__).parents[2] / "layers/core/python/socle/segments/README.md").read_text()
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


def test_every_example_can_be_written():
    kinds = [(Segment if "when" in example else ComputedTrait).model_validate(example).__class__ for example in EXAMPLES]
    assert kinds == [Segment, ComputedTrait, ComputedTrait, ComputedTrait]


def test_every_condition_has_an_example():
    assert {part["type"] for example in EXAMPLES for _, part in conditions_in(example)} >= set(_MAKERS)


def test_every_module_that_the_table_names_exists():
    folder = Path(__file__).parents[2] / "layers/core/python/socle/segments"
    listed = {name for row in re.findall(r"^\| ([a-z_, ]+) \|", PAGE, re.MULTILINE) for name in row.split(", ")} - {"module"}
    assert len(listed) > 20
    assert {name for name in listed if not (folder / f"{name}.py").exists() and not (folder / name).is_dir()} == set()
