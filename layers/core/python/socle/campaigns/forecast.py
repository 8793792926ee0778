"""What a campaign would come to: whom it reaches, whom not and why, how long it takes, what it costs. Pure.

The workers of a forecast went through the whole audience as a real run would, gate and templates included, and claimed and sent
nothing. Their outcomes are added up (Dry), and the rest is arithmetic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from socle.campaigns.calls import Shape, of_computing, of_run, of_what_follows
from socle.campaigns.model.document import At, CampaignDocument
from socle.campaigns.pace import chunk_size, day_ends
from socle.channels.model import Quota
from socle.clock import DAY, HOUR, SECOND
from socle.costs.prices import FILES, dollars
from socle.iso import to_iso
from socle.messages.gate import NO_CONTENT
from socle.messages.outcome import WAS_FAILED, WAS_HELD, WAS_SKIPPED, WOULD_SEND
from socle.messages.units import Units
from socle.segments.durations import milliseconds

SHOWN_DAYS = 60
WORKER_RATE = 100
"""Messages a second that one worker sends at most, assumed; and how many work at a time."""
WORKERS = 16
CALL_SECONDS = 14 * 60
"""That a call of a worker sends, of the quarter of an hour that a function may run."""
_HOURS_OF_ZONES = 26
"""Between the first place on earth where it is some time of day and the last."""


class Problem(NamedTuple):
    """People whose text can't be made. `code`: of socle.templates; examples: (profile, what is wrong)."""

    code: str
    people: int
    examples: tuple[tuple[str, str], ...]


class Sending(NamedTuple):
    """What one variant would send. parts: of SMS; size: bytes of mails as they are sent."""

    messages: int
    parts: int
    size: int


class Dry(NamedTuple):
    """What the workers of a forecast found.

    people    (outcome, reason) → people
    sendings  variant → Sending
    units     sum over all people
    problems  the most frequent first
    held      until (epoch ms; those of nearly the same time come together) → people
    """

    people: Mapping[tuple[str, str], int]
    sendings: Mapping[str, Sending]
    units: Units
    problems: Sequence[Problem] = ()
    held: Mapping[int, int] = {}

    @property
    def audience(self) -> int:
        """All of them."""
        return sum(self.people.values())

    def of(self, outcome: str) -> int:
        """People with an outcome."""
        return sum(people for (one, _), people in self.people.items() if one == outcome)


class Lasting(NamedTuple):
    """How long sending takes: ms from its begin to its end; messages of each day."""

    ms: int
    days: Sequence[int]


def forecast(dry: Dry, document: CampaignDocument, channel: str, quota: Quota, batch: int, begins: int,
             with_files: Collection[str] = ()) -> dict[str, Any]:
    """The answer of the API.

    batch       people that a worker handles together
    begins      when it would be launched, epoch ms
    with_files  variants whose mails carry files or images: the bytes of such mails are paid for (the text of them, too, here)
    """
    would = dry.of(WOULD_SEND)
    # Whoever waits for the end of quiet hours is sent to later, and costs as much as the others do on average.
    coming = would + dry.of(WAS_HELD)
    people = scaled(dry.units, coming / would) if would else dry.units
    # … and is looked at twice.
    people = people._replace(reads=people.reads + round(dry.units.reads * dry.of(WAS_HELD) / max(dry.audience, 1)))
    files = sum(one.size for variant, one in dry.sendings.items() if variant in with_files) * coming // max(would, 1)
    took = lasting(coming, document, quota)
    shape = shape_of(dry, document, rate(document, quota), batch, len(took.days))
    return {
        "audience": dry.audience, "would_send": would, "held": dry.of(WAS_HELD),
        "skipped": {reason: people for (outcome, reason), people in sorted(dry.people.items()) if outcome == WAS_SKIPPED},
        "failing": {reason: people for (outcome, reason), people in sorted(dry.people.items()) if outcome == WAS_FAILED},
        "held_until": [{"until": to_iso(until), "people": people} for until, people in sorted(dry.held.items())],
        "messages": [{"channel": channel, "variant": variant or None, "messages": one.messages,
                      "parts": one.parts or None, "bytes": one.size or None}
                     for variant, one in sorted(dry.sendings.items())],
        "not_renderable": {"people": dry.people.get((WAS_SKIPPED, NO_CONTENT), 0), "problems": [
            {"code": one.code, "people": one.people,
             "examples": [{"profile": profile, "what": what} for profile, what in one.examples]} for one in dry.problems]},
        "sending": {"rate": round(rate(document, quota), 2), "left_today": quota.left, "seconds": -(-took.ms // SECOND),
                    "ends": to_iso(begins + took.ms),
                    "days": [{"day": day, "messages": number} for day, number in enumerate(took.days[:SHOWN_DAYS], 1)]},
        "cost": cost(people, shape, channel, dry.audience, coming, files),
    }


def cost(people: Units, shape: Shape, channel: str, audience: int, messages: int, files: int = 0) -> dict[str, Any]:
    """US dollars: in all, by service, for 1,000 messages; the units of a run's own calls, and what is modelled."""
    counted = of_run(shape, people, channel, messages) + Counter({FILES: files})
    follows, computing = of_what_follows(people, channel, messages), of_computing(audience, messages, channel)
    services = dollars(counted + follows + computing)
    total = sum(services.values())
    return {
        "usd": round(total, 6), "usd_per_1000": round(1_000 * total / messages, 6) if messages else None,
        "services": {name: round(usd, 6) for name, usd in services.items()},
        "counted": {"usd": round(sum(dollars(counted).values()), 6), "units": _rounded(counted)},
        "modelled": {"usd": round(sum(dollars(follows + computing).values()), 6), "units": _rounded(follows + computing),
                     "what": "feedback, events on their way into profiles and the lake, computing"},
    }


def lasting(messages: int, document: CampaignDocument, quota: Quota) -> Lasting:
    """How long it takes to send as many as the channel, a throttle and a warm-up let go each day; as many are left on later days
    as today."""
    a_second = rate(document, quota)
    grown = day_ends(document.warm_up) if document.warm_up else None
    ended, days, left = 0, list[int](), messages
    while left > 0:
        room = int(a_second * DAY / SECOND)
        if quota.left is not None:
            room = min(room, quota.left)
        if grown is not None:
            before, ended = ended, next(grown)
            room = min(room, ended - before)
        if room <= 0 or len(days) >= 10 * SHOWN_DAYS:
            break  # the quota is used up: nobody knows when there will be more
        days.append(min(left, room))
        left -= days[-1]
    ms = max(len(days) - 1, 0) * DAY + (int(days[-1] / a_second * SECOND) if days else 0)
    if document.test is not None:
        ms += milliseconds(document.test.wait)
    if isinstance(document.schedule, At) and document.schedule.local:
        ms += _HOURS_OF_ZONES * HOUR
    return Lasting(ms, days)


def shape_of(dry: Dry, document: CampaignDocument, a_second: float, batch: int, days: int) -> Shape:
    """How the run would be cut. `a_second`: messages; `days`: on how many it sends."""
    per_minute = document.throttle.per_minute if document.throttle else None
    size = chunk_size(dry.audience, per_minute)
    chunks = [size] * (dry.audience // size) + [dry.audience % size] * (dry.audience % size > 0)
    for people in dry.held.values():
        chunks += [min(size, people - first) for first in range(0, people, size)]
    a_call = max(1, int(a_second / WORKERS * CALL_SECONDS))
    waits = len(dry.held) + max(days - 1, 0) + (document.test is not None)
    if per_minute is not None:
        waits += max(len(chunks) - 1, 0)
    if isinstance(document.schedule, At):
        waits += _HOURS_OF_ZONES if document.schedule.local else 1
    calls = sum(-(-people // a_call) for people in chunks)
    return Shape(dry.audience, chunks, batch, calls, len(document.templates), 1 + (per_minute is not None), waits)


def rate(document: CampaignDocument, quota: Quota) -> float:
    """Messages a second: of the channel, of the throttle, of the workers, whatever is least."""
    throttle = document.throttle.per_minute / 60 if document.throttle else float("inf")
    return min(quota.rate, throttle, WORKER_RATE * WORKERS)


def scaled(units: Units, factor: float) -> Units:
    """So many times as much of what sending takes; everybody has been looked at."""
    return units._replace(**{name: round(getattr(units, name) * factor) for name in ("writes", "kib", "micro_usd", "size")})


def _rounded(units: Mapping[str, float]) -> dict[str, float]:
    return {unit: round(number, 3) for unit, number in sorted(units.items())}
