"""What everything that happens to people in journeys stands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from socle.definitions.model import Definition
from socle.events.group import records
from socle.events.model import Event
from socle.journeys.ahead import waits
from socle.journeys.model.entry import Entry
from socle.journeys.model.row import SKIPPED, WAY, Logged, Place, Row
from socle.journeys.service.courses import Courses, Running
from socle.journeys.store import Counters, EntryStore
from socle.messages.service.sending import Stream
from socle.profiles.store import ProfileStore


class Executions(Protocol):
    """The executions of journeys (socle.workflows.store.Executions)."""

    def start(self, machine: str, name: str, document: Mapping[str, Any]) -> None: ...
    def stop(self, machine: str, name: str, reason: str) -> None: ...

    def answer(self, token: str, output: Mapping[str, Any]) -> bool:
        """Let an execution go on; False when nobody waits with this token any more."""


class Ground(NamedTuple):
    """`definitions` lists the current ones of a kind."""

    profiles: ProfileStore
    entries: EntryStore
    counters: Counters
    courses: Courses
    executions: Executions
    stream: Stream
    definitions: Callable[[str], list[Definition]]

    def tell(self, events: list[Event]) -> None:
        """Put events on the stream. Raises Unavailable."""
        if events:
            self.stream.put(records(events, [], 0))

    def note(self, entry: Entry, row: Row | None, course: Running, place: Place, what: Logged, way: str | None = None, *,
             then: int = 0, token: str = "") -> None:
        """Write what became of a step. What was written before is not counted again.

        way    by which they leave it, if they do: the waits that follow are written, too; then: when they leave, epoch ms
        token  by which a hold is ended
        """
        found: dict[Place, Logged] = {place: what}
        if way is not None:
            found |= waits(course.document, course.follows, course.follows(place[0], way, place[1]), then or what.at)
        before = row.log if row is not None else {}
        is_known = (known := before.get(place)) is not None and known[1:] == what[1:]
        if is_known and not token:
            return
        # Nobody is in two holds at a time: the tokens of a year of rounds would be more than an item holds.
        stale = [one for one in row.holds if one != place] if token and row is not None else []
        if self.entries.log(entry.part, entry.id, found, token=token, stale=stale) and not is_known:
            self.counters.add(entry.journey, entry.version, {
                (step, counted(one)): 1 for (step, round_), one in found.items() if (step, round_) == place
                or (step, round_) not in before}, entry.id)


def counted(what: Logged) -> str:
    """Under which name an outcome is counted."""
    return f"{what.outcome}:{what.detail}" if what.outcome in (SKIPPED, WAY) else what.outcome


def execution_of(entry: Entry, row: Row | None) -> str:
    """The name of the execution that an entry is in: who was moved to another version is in one that says so."""
    return entry.id if row is None or row.version == entry.version else f"{entry.id}-{entry.version}"


def input_of(entry: Entry, begin: str = "", round_: int = 0) -> dict[str, Any]:
    """What an execution begins with. begin: at which step, of who was moved; round: how often they have gone round."""
    given: dict[str, Any] = {"entry": entry.id, "journey": entry.journey, "version": entry.version, "profile": entry.part,
                             "at": entry.at, "loop": {"n": round_}}
    return given | ({"begin": begin} if begin else {})
