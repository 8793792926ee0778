"""Data with known duplicates: FEBRL 1 and 4 (Christen, ANU: synthetic people from real frequency tables), fake_1000 (Splink)."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from socle.duplicates.model import Person
from socle.duplicates.people import person_of
from socle.profiles.model import Aggregate, Register, Snapshot

Known = list[tuple[Person, str]]
"""People, each with who they really are."""


def febrl(*files: Path) -> Known:
    """FEBRL's files, CSV or CSV compressed by gzip. Social security numbers are left out: few companies have such a number."""
    known = []
    for file in files:
        with _open(file) as lines:
            for row in csv.DictReader(lines, skipinitialspace=True):
                values = {name.strip(): value.strip() for name, value in row.items()}
                street = " ".join(filter(None, (values["street_number"], values["address_1"], values["address_2"])))
                known.append((_person(values["rec_id"], {
                    "firstName": values["given_name"], "lastName": values["surname"], "birthday": values["date_of_birth"],
                    "address": {"street": street, "city": values["suburb"], "postalCode": values["postcode"]}}),
                    values["rec_id"].split("-")[1]))
    return known


def fake_1000(file: Path) -> Known:
    """Splink's demonstration data."""
    with _open(file) as lines:
        return [(_person(row["unique_id"], {"firstName": row["first_name"], "lastName": row["surname"], "birthday": row["dob"],
                                            "email": row["email"], "address": {"city": row["city"]}}), row["cluster"])
                for row in csv.DictReader(lines)]


def sets(folder: Path) -> Iterator[tuple[str, Known]]:
    """Those of the data sets that are in a folder."""
    for name, files in (("FEBRL 1", ("dataset1",)), ("FEBRL 4", ("dataset4a", "dataset4b"))):
        paths = [next(iter(folder.glob(f"febrl/{file}.csv*")), None) for file in files]
        if all(paths):
            yield name, febrl(*(path for path in paths if path))
    if (file := folder / "splink_fake_1000/fake_1000.csv").exists():
        yield "fake_1000", fake_1000(file)


def _open(file: Path) -> IO[str]:
    return gzip.open(file, "rt") if file.suffix == ".gz" else file.open()


def _person(id_: str, traits: dict[str, object]) -> Person:
    """The way that a profile's traits go."""
    registers = {name: Register(0, 0, value) for name, value in traits.items() if value}
    return person_of(Aggregate(id_.replace("-", ""), 1, Snapshot(traits=registers, events=1)))
