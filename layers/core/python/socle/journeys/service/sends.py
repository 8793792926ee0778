"""The message of a step: through the one gate, in the person's turn, and not if they leave the journey between look and claim."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from socle.channels.model import NotSent
from socle.clock import SECOND
from socle.errors import Unavailable
from socle.identity.service.history import find_event
from socle.iso import from_iso, to_iso
from socle.journeys.choose import said
from socle.journeys.model.entry import Entry
from socle.journeys.model.row import FAILED, HELD, SENT, SKIPPED, UNKNOWN, Logged
from socle.journeys.model.steps import Send
from socle.journeys.model.ways import Held, Way
from socle.journeys.service.ground import Ground
from socle.journeys.service.looking import Seen, obstacle_of
from socle.messages.gate import (
    INVALID_ADDRESS,
    NO_ADDRESS,
    NO_CONSENT,
    NOT_CONFIRMED,
    SUPPRESSED,
    THROTTLED,
    UNSUBSCRIBED,
    Skip,
)
from socle.messages.model import message_key
from socle.messages.outcome import AGAIN, WAS_FAILED, WAS_HELD, WAS_SENT, WAS_SKIPPED, Outcome
from socle.messages.rules import Ask, SendingRules
from socle.messages.service.claims import Job
from socle.messages.service.prepare import Prepared, Stand, prepare
from socle.profiles.model import Aggregate
from socle.rates.model import HORIZON

OUT_OF_REACH = frozenset((NO_ADDRESS, INVALID_ADDRESS, SUPPRESSED, NO_CONSENT, UNSUBSCRIBED, NOT_CONFIRMED))
"""Why the next template of `best_of` is tried: they can't be written to over this channel, or do not allow it."""
PATIENCE = 5 * SECOND
"""Ms that a function waits for a turn; for longer the execution waits, which costs nothing."""
TRIES = 3
TURN = "turn"
"""Why a message is held, beside quiet hours: so many others are sent before it."""
_STOPPED = "left_journey"
_PREPARED = 50


class Pace(Protocol):
    """How fast a channel takes messages."""

    def take(self, count: int) -> int: ...
    def slow_down(self) -> None: ...


class Post(NamedTuple):
    """What messages go out with.

    rules  as they are now; pace: of a channel; wait: lets ms pass
    """

    stand: Stand
    rules: Callable[[], SendingRules]
    pace: Callable[[str], Pace]
    wait: Callable[[int], None]


class Letters:
    """Sends the messages of steps."""

    def __init__(self, ground: Ground, post: Post) -> None:
        self._ground = ground
        self._post = post
        self._prepared: dict[tuple[str, str, str], Prepared] = {}

    def send(self, seen: Seen, step: Send) -> Logged:
        """What became of it. Raises Held, with what it waits for in the row; what stops it otherwise; Unavailable."""
        event = event_of(self._ground, seen.entry)
        topic = step.topic or seen.course.document.topic or ""
        outcome = Outcome(seen.entry.part, WAS_SKIPPED, reason=NO_ADDRESS)
        for template in step.templates:
            outcome = self._try(seen, step, topic, self._prepare(seen, template, topic), event)
            if outcome.outcome != WAS_SKIPPED or outcome.reason not in OUT_OF_REACH:
                break
        if outcome.outcome == WAS_HELD:
            raise self._hold(seen, outcome.until, outcome.reason)
        if outcome.outcome == WAS_SKIPPED:
            return Logged(seen.now, SKIPPED, outcome.reason)
        if outcome.outcome == WAS_FAILED:
            return Logged(seen.now, FAILED, outcome.reason)
        return Logged(outcome.at or seen.now, SENT if outcome.outcome == WAS_SENT else UNKNOWN)

    def _try(self, seen: Seen, step: Send, topic: str, prepared: Prepared, event: Mapping[str, Any] | None) -> Outcome:
        entry, channel = seen.entry, prepared.compiled.channel
        ask = Ask(message_key(f"journey/{entry.journey}/{step.name}", f"{entry.id}/{seen.task.round}"), channel, step.purpose,
                  topic, entry.journey, entry.id, quiet=step.quiet_hours or "")
        contents = {step.name: prepared}
        responses = seen.row.responses if seen.row is not None else {}
        sending = prepare(self._post.stand, contents, step.purpose, {"name": entry.journey, "run": entry.id}, event=event,
                          journey={"name": entry.journey, "key": entry.key, "responses": responses})
        stops: list[Way] = []

        def stop(root: Aggregate) -> Skip | None:
            now = next((one for one in root.journeys if one.id == entry.id), None)
            obstacle = obstacle_of(seen.task, seen.course, now or entry._replace(ended=seen.now), seen.now)
            stops[:] = [obstacle] if obstacle is not None else []
            return Skip(_STOPPED) if obstacle is not None else None

        pace = self._post.pace(channel)
        for _ in range(TRIES):
            self._await(seen, pace)
            try:
                [outcome] = sending.send(ask, [Job(entry.part, step.name)], contents, self._post.rules(), stop=stop)
            except NotSent as error:
                raise Unavailable(error.code, error.message) from error  # the channel as a whole is out of order
            if outcome.reason == _STOPPED and stops:
                raise stops[0]
            if outcome.outcome != AGAIN:
                return outcome
            pace.slow_down()
        raise Unavailable(THROTTLED, f"{channel} takes no more at the moment")

    def _await(self, seen: Seen, pace: Pace) -> None:
        """Wait for the turn; where that is long, the execution waits, and then it is theirs."""
        before = seen.row.log.get((seen.task.step, seen.task.round)) if seen.row is not None else None
        if before is not None and before.outcome == HELD and before.detail.endswith(f" {TURN}"):
            return
        delay = pace.take(1)
        if delay > HORIZON:
            raise self._hold(seen, seen.now + HORIZON, "later")
        if delay > PATIENCE:
            raise self._hold(seen, seen.now + delay, TURN)
        if delay:
            self._post.wait(delay)

    def _hold(self, seen: Seen, until: int, reason: str) -> Held:
        self._ground.note(seen.entry, seen.row, seen.course, (seen.task.step, seen.task.round),
                          Logged(seen.now, HELD, f"{to_iso(until)} {reason}"))
        return Held(reason)

    def _prepare(self, seen: Seen, template: str, topic: str) -> Prepared:
        release = seen.course.release
        name = (release.plan, template, topic)
        if name not in self._prepared:
            if len(self._prepared) >= _PREPARED:
                self._prepared.clear()
            plan = self._ground.courses.plan(release)
            self._prepared[name] = Prepared(plan["templates"][template], plan["topics"].get(topic), self._post.stand)
        return self._prepared[name]


def held_until(what: Logged | None, now: int) -> int:
    """When a message that was held may be tried again, epoch ms, never before `now`."""
    if what is None or what.outcome != HELD:
        return now
    return max(now, from_iso(what.detail.partition(" ")[0]))


def event_of(ground: Ground, entry: Entry) -> Mapping[str, Any] | None:
    """What the event of an entry says; None when there was none."""
    if not entry.event:
        return None
    found = find_event(ground.profiles, entry.part, entry.event)
    return said(found[1] if found is not None else None)
