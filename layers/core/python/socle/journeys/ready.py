"""The recipes: journeys that most companies want, as directories of files that `make apply` takes.

    recipes/<recipe>.json                 title, description, needs, change: what is not a definition
            <recipe>/README.md            the same for people; not shipped with the functions
                    /<kind>/<name>.json   one document, as `PUT /api/<kind>/<name>` takes it
                    /<kind>/<name>.mjml   a text of it that the JSON names: `{"$file": "<name>.mjml"}`
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from socle.errors import NotFound

FOLDER = Path(__file__).parent / "recipes"


class Needs(NamedTuple):
    """What a recipe works with.

    events    name → property → what it is for; properties that are named together are there together
    traits    name → what it is for
    topics    that people must be subscribed to
    settings  what else must be there, in words
    """

    events: Mapping[str, Mapping[str, str]]
    traits: Mapping[str, str]
    topics: tuple[str, ...]
    settings: tuple[str, ...]


class Recipe(NamedTuple):
    """One recipe.

    name         of its directory
    title        for people
    description  what it does
    needs        what it works with
    change       `<kind>/<name>.json#<place>`, or a file of text → what to write there instead
    documents    kind → name → document, kinds in the order in which they can be written
    """

    name: str
    title: str
    description: str
    needs: Needs
    change: Mapping[str, str]
    documents: Mapping[str, Mapping[str, dict[str, Any]]]


ORDER = ("topics", "coupons", "surveys", "geofences", "computed-traits", "segments", "blocks", "layouts", "templates", "journeys")
"""Kinds, each before those that refer to it."""


def names() -> list[str]:
    """Of all recipes, in alphabetical order."""
    return sorted(one.stem for one in FOLDER.glob("*.json"))


def recipes() -> list[Recipe]:
    """All of them, in alphabetical order."""
    return [recipe(name) for name in names()]


def recipe(name: str) -> Recipe:
    """One of them. Raises NotFound that lists the others."""
    known = names()
    if name not in known:
        raise NotFound("unknown_recipe", f"there is no recipe {name!r}: the recipes are {', '.join(known)}", "name")
    return _read(name)


@cache
def _read(name: str) -> Recipe:
    about = json.loads((FOLDER / f"{name}.json").read_text())
    needs = about["needs"]
    documents = {kind: {one.stem: _document(one) for one in sorted((FOLDER / name / kind).glob("*.json"))}
                 for kind in ORDER if (FOLDER / name / kind).is_dir()}
    return Recipe(name, about["title"], about["description"],
                  Needs(needs["events"], needs["traits"], tuple(needs["topics"]), tuple(needs["settings"])),
                  about["change"], documents)


def _document(file: Path) -> dict[str, Any]:
    """A document with the texts that lie beside it."""
    return {field: (file.parent / value["$file"]).read_text() if isinstance(value, dict) and value.keys() == {"$file"} else value
            for field, value in json.loads(file.read_text()).items()}
