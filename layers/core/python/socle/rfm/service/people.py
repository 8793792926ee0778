"""The profiles of the lake, a bucket at a time, so that the disk holds one file and memory what is computed with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from socle.lake.manifest import Manifest
from socle.lake.query import scan
from socle.rfm.compute import Connection


class Lake(Protocol):
    """The lake in S3 (socle.lake.store.LakeStore)."""

    def manifest(self) -> Manifest | None: ...

    def fetch(self, key: str, directory: Path) -> Path: ...


class LakePeople:
    """Reads one lake from beginning to end, also when another one takes its place meanwhile."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._manifest: Manifest | None = None

    def made(self) -> int | None:
        """When the lake was made, epoch ms; None when there is none yet. `buckets` reads this one."""
        self._manifest = self._lake.manifest()
        return None if self._manifest is None else self._manifest.made

    def buckets(self, connection: Connection, disk: Path) -> Iterator[int]:
        """Make the view `profiles` (profile, orders, given) of one bucket after the other; answers their numbers."""
        for number, files in sorted(self._manifest.buckets.items() if self._manifest is not None else ()):
            path = self._lake.fetch(files.profiles, disk)
            connection.execute(f"CREATE OR REPLACE VIEW profiles AS SELECT profile, orders, given FROM {scan([path])}")  # noqa: S608
            yield number
            path.unlink()
