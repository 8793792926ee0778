"""Definitions in files: `<kind>/<name>.json` under a folder, long texts beside them.

A document says `{"$file": "letter.mjml"}` where it wants the text of a file beside it: nobody reads a diff
of MJML in one line of JSON.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

FILE = "$file"
SIDES = {"mjml": ".mjml", "html": ".html", "text": ".txt", "body": ".txt", "content": ".txt"}
"""Fields of a document that become files of their own when they have several lines, and how these end."""
_LONG = 120


class Faulty(Exception):
    """Files that can't be read; each line names the file and what is wrong."""


class Wanted(NamedTuple):
    """A definition as its file has it."""

    kind: str
    name: str
    document: dict[str, Any]
    file: Path


def read(folder: Path) -> list[Wanted]:
    """All definitions under a folder, by kind and name. Raises Faulty with everything that is wrong."""
    if not folder.is_dir():
        raise Faulty(f"{folder}: there is no such folder: make it, or `make pull DIR={folder}` what a running Socle has")
    found = []
    faults = [f"{file}: it lies in no folder that says its kind: move it to <kind>/{file.name}"
              for file in sorted(folder.glob("*.json"))]
    for file in sorted(folder.glob("*/*.json")):
        try:
            found.append(Wanted(file.parent.name, file.stem, _document(file), file))
        except Faulty as error:
            faults.append(str(error))
    if faults:
        raise Faulty("\n".join(faults))
    return found


def kinds_in(folder: Path) -> set[str]:
    """The kinds that have a folder."""
    return {path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")}


def write(folder: Path, kind: str, name: str, document: dict[str, Any]) -> list[Path]:
    """Write a definition, the same one always in the same way; answers the files that have changed."""
    place = folder / kind
    texts: dict[Path, str] = {}
    shown = {}
    for field, value in document.items():
        if field in SIDES and isinstance(value, str) and ("\n" in value or len(value) > _LONG):
            texts[place / f"{name}{SIDES[field]}"] = value
            value = {FILE: f"{name}{SIDES[field]}"}
        shown[field] = value
    texts[place / f"{name}.json"] = json.dumps(shown, indent=2, ensure_ascii=False) + "\n"
    changed = []
    for path, text in texts.items():
        data = text.encode()
        if not path.exists() or path.read_bytes() != data:
            place.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            changed.append(path)
    return changed


def _document(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_bytes().decode(), parse_constant=_refused)
    except json.JSONDecodeError as error:
        raise Faulty(f"{file}:{error.lineno}:{error.colno}: it is not JSON: {error.msg}") from error
    except UnicodeDecodeError as error:
        raise Faulty(f"{file}: it is not UTF-8 text (byte {error.start})") from error
    except (ValueError, RecursionError) as error:
        raise Faulty(f"{file}: it is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Faulty(f"{file}: it must hold one JSON object: the document of {file.parent.name}/{file.stem}")
    if {"kind", "name", "document"} <= value.keys():  # as GET answers it
        if (value["kind"], value["name"]) != (file.parent.name, file.stem):
            raise Faulty(f"{file}: it says that it is {value['kind']}/{value['name']}: rename the file, or what it says")
        value = value["document"]
    return dict(_filled(value, file))


def _filled(value: Any, file: Path) -> Any:
    if isinstance(value, dict):
        if value.keys() == {FILE}:
            return _text(value[FILE], file)
        return {key: _filled(part, file) for key, part in value.items()}
    return [_filled(part, file) for part in value] if isinstance(value, list) else value


def _text(name: Any, file: Path) -> str:
    """The text of a file beside; nothing from anywhere else gets into a document by a path."""
    if not isinstance(name, str) or not name or name != os.path.basename(name):
        raise Faulty(f"{file}: {FILE} is the name of a file in the same folder, without a path")
    path = file.parent / name
    if path.is_symlink() or not path.is_file():
        raise Faulty(f"{file}: there is no file {name} beside it")
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise Faulty(f"{path}: it is not UTF-8 text (byte {error.start})") from error


def _refused(constant: str) -> Iterator[Any]:
    raise ValueError(f"{constant} is no number of JSON")
