"""What is asked of imports: an import whose workflow is gone without a word can be gone on with."""

from __future__ import annotations

from typing import Any

from socle.clock import HOUR
from socle.imports.service.requests import Imports
from tests.imports.stand_ins import NOW, Place


class Workflow:
    """Names of the executions that were begun."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def start(self, name: str, given: dict[str, Any]) -> None:
        self.begun.append(name)


def test_a_run_whose_workflow_ended_without_a_word_is_begun_anew_and_one_at_work_is_not(tmp_path):
    place, workflow, nobody = Place(tmp_path), Workflow(), None
    place.begun("r1", b"id\n1\n")
    collaborators: Any = (place.runs, place.files, nobody, workflow)
    for now in (NOW + 23 * HOUR, NOW + 26 * HOUR, NOW + 27 * HOUR):
        assert Imports(*collaborators).start("r1", None, None, now).state == "running"
    assert workflow.begun == ["r1-1", "r1-2", "r1-2"]
