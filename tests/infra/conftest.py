"""One synth of each stage per session, without pip; the tests read the templates as CloudFormation gets them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.app import synthesise


class Template:
    """A template with the questions that the tests ask."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.json: dict[str, Any] = json.loads(path.read_text())
        self.resources: dict[str, Any] = self.json["Resources"]

    def of_type(self, type_: str) -> dict[str, dict[str, Any]]:
        """Properties by logical id."""
        return {id_: r.get("Properties", {}) for id_, r in self.resources.items() if r["Type"] == type_}

    def one(self, type_: str, part_of_id: str = "") -> dict[str, Any]:
        """Properties of the only resource of this type whose logical id contains `part_of_id`."""
        (found,) = [p for id_, p in self.of_type(type_).items() if part_of_id in id_]
        return found

    def function(self, name: str) -> dict[str, Any]:
        (found,) = [p for p in self.of_type("AWS::Lambda::Function").values()
                    if p["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == name]
        return found

    def name_of(self, reference: dict[str, Any]) -> str:
        """The logical id that a Ref or GetAtt points to."""
        return str(reference["Ref"] if "Ref" in reference else reference["Fn::GetAtt"][0])

    def statements(self, policy_type: str) -> Iterator[dict[str, Any]]:
        for properties in self.of_type(policy_type).values():
            yield from properties["PolicyDocument"]["Statement"]


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return Template(synthesise("dev", str(tmp_path_factory.mktemp("dev")), bundle=False))


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return Template(synthesise("prod", str(tmp_path_factory.mktemp("prod")), bundle=False))


@pytest.fixture(params=["dev", "prod"])
def template(request: pytest.FixtureRequest) -> Template:
    """Both stages, one after the other: what holds, holds in each."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Template)
    return found
