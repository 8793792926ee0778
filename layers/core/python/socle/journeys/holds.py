"""Holds: what ends one, and whether its time is over. Pure; the consumer, the steps that run, and the backtest all decide by it.

Every event that could end a hold of a journey that somebody is in is noted when it is folded (`Hit`: the latest per step),
whether they are in that hold yet or not. So whoever registers a hold reads in the same item what has already happened: no order
is missed between the step before and the hold, however the two race.
"""

from __future__ import annotations

from typing import NamedTuple

from socle.clock import SECOND
from socle.journeys.model.entry import GRACE, Entry, Hit, Hold, Moment

RESET = "\0reset"
"""After the name of a step: its hits that make the time begin anew."""


MOST_RESETS = 800
"""How many times as long as its time-out a hold lasts at most: whoever does what makes its time begin anew for ever, such as a
device that reports each minute, would fill the history of their execution, which Step Functions ends at 25,000 entries."""


class Expired(NamedTuple):
    """What becomes of a hold whose time seems to be over.

    way   what ended it before, "" for nothing: its time is over
    left  ms that are left because its time began anew; 0 when it is over
    out   whether it began anew for so long that they are out
    """

    way: str = ""
    left: int = 0
    out: bool = False


def note(entry: Entry, name: str, way: str, moment: Moment, timeout: int = 0) -> Entry:
    """The entry with a hit of a step (name; with RESET after it for one that makes its time begin anew: for `timeout` ms), which
    also ends the hold that it is in. Nothing changes by a hit that is older than the one that is known, or than what the journey
    has seen."""
    known = entry.hits.get(name)
    if moment <= entry.seen or (known is not None and moment <= (known.at, known.key)):
        return entry
    entry = entry._replace(hits={**entry.hits, name: Hit(*moment, way)})
    hold = entry.hold
    # Of an event after its end the workflow has gone on.
    lasts = hold is not None and moment[0] < hold.until
    if hold is None or not lasts or hold.way or moment <= hold.since:
        return entry
    if hold.step == name:
        return entry._replace(hold=hold._replace(way=way), seen=moment)
    if hold.step + RESET == name:
        return entry._replace(hold=hold._replace(until=max(hold.until, moment[0] + timeout)))
    return entry


def register(entry: Entry, step: str, round_: int, timeout: int, now: int) -> Entry:
    """The entry in this hold, which began at `now` (epoch ms: when its state was entered) for `timeout` ms; what has happened
    since then, or shortly before, ends it at once. Registering again what is registered, or has ended, changes nothing; who comes
    back to it after its time, having been parked, is held anew, and what happened meanwhile counts."""
    hold, since = entry.hold, max(entry.seen, (now - GRACE, ""))
    if hold is not None and (hold.step, hold.round) == (step, round_):
        if hold.way or now < hold.until:
            return entry
        since = hold.since
    hit, reset = entry.hits.get(step), entry.hits.get(step + RESET)
    if hit is not None and (hit.at, hit.key) > since:
        return entry._replace(hold=Hold(step, round_, since, now + timeout, hit.way), seen=(hit.at, hit.key))
    begins = max(now, reset.at) if reset is not None and (reset.at, reset.key) > since else now
    return entry._replace(hold=Hold(step, round_, since, begins + timeout))


def expire(entry: Entry, step: str, round_: int, now: int, timeout: int = 0) -> Expired:
    """What to do about this hold at `now` (epoch ms), when the workflow says that its time is over."""
    hold = entry.hold
    if hold is None or (hold.step, hold.round) != (step, round_):
        return Expired()
    if hold.way:
        return Expired(hold.way)
    left = hold.until - now
    is_endless = 0 < timeout * MOST_RESETS <= now - hold.since[0]
    return Expired("", left if left > SECOND else 0, left > SECOND and is_endless)  # Step Functions counts whole seconds
