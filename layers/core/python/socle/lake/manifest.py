"""The manifest: which files are the lake now. Replaced as a whole, so a reader has the old lake or the new one. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from socle.lake.columns import Column

KINDS = ("events", "profiles", "shadow", "hidden")


class BucketFiles(NamedTuple):
    """The files of one bucket, by their keys in S3 (or paths below a directory).

    events    the events that count, sorted by profile and time
    profiles  one row a person
    shadow    rows of events that do not count now but may after an unmerge; only compaction reads it; "" without any
    hidden    rows of profiles that were merged away; only compaction reads it; "" without any
    rows      events, profiles, shadow and hidden rows
    size      bytes of all four
    columns   the typed columns that events and profiles hold
    """

    events: str
    profiles: str
    shadow: str
    hidden: str
    rows: tuple[int, int, int, int]
    size: int
    columns: tuple[Column, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """All its files."""
        return tuple(filter(None, (self.events, self.profiles, self.shadow, self.hidden)))

    def below(self, prefix: str) -> BucketFiles:
        """The same files under a prefix."""
        return self._replace(events=prefix + self.events, profiles=prefix + self.profiles,
                             shadow=self.shadow and prefix + self.shadow, hidden=self.hidden and prefix + self.hidden)


class Manifest(NamedTuple):
    """The lake as one run left it.

    version       1, 2, 3…: how often the lake was replaced
    run           the run that made it
    made          epoch ms
    buckets       number → its files; one that never had a row is not there
    bucket_count  how many buckets there are
    state         what only compaction reads: links, roots, erased (Parquet) and consumed (gzip JSON), by their keys
    previous      keys of the files of the manifest before, whose readers may not have ended
    """

    version: int
    run: str
    made: int
    buckets: Mapping[int, BucketFiles]
    bucket_count: int
    state: Mapping[str, str]
    previous: tuple[str, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        """Every file of this lake."""
        return frozenset([*(key for files in self.buckets.values() for key in files.keys), *self.state.values()])

    def to_json(self) -> str:
        """As it lies in S3."""
        return json.dumps({
            "version": self.version, "run": self.run, "made": self.made, "bucket_count": self.bucket_count,
            "state": dict(self.state),
            "buckets": {str(number): {**files._asdict(), "columns": [list(column) for column in files.columns]}
                        for number, files in sorted(self.buckets.items())},
            "previous": sorted(self.previous)})

    @classmethod
    def from_json(cls, text: str | bytes) -> Manifest:
        """Inverse of `to_json`."""
        found = json.loads(text)
        buckets = {int(number): bucket_files(files) for number, files in found["buckets"].items()}
        return cls(found["version"], found["run"], found["made"], buckets, found["bucket_count"], found["state"],
                   tuple(found["previous"]))


def bucket_files(found: Mapping[str, object]) -> BucketFiles:
    """Of their JSON."""
    columns: Iterable[Iterable[str]] = found["columns"]  # type: ignore[assignment]
    rest = {**found, "rows": tuple(found["rows"]), "columns": tuple(Column(*column) for column in columns)}  # type: ignore[arg-type]
    return BucketFiles(**rest)  # type: ignore[arg-type]


def held(files: Iterable[BucketFiles]) -> frozenset[Column]:
    """The typed columns that all of some buckets' files hold; none of no files."""
    each = [frozenset(one.columns) for one in files]
    return frozenset.intersection(*each) if each else frozenset()


class LocalBucket(NamedTuple):
    """The files of one bucket that readers need, on this machine, and the typed columns in them."""

    events: Path
    profiles: Path
    columns: tuple[Column, ...] = ()


def local_bucket(manifest: Manifest, number: int, directory: Path) -> LocalBucket:
    """A bucket of a lake that lies below a directory. Raises KeyError for a bucket without rows."""
    files = manifest.buckets[number]
    return LocalBucket(directory / files.events, directory / files.profiles, files.columns)
