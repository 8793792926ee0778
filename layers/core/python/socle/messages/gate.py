"""The gate: whether this message may go to this person now, and if not, why. Pure. Every send passes it.

The order of the checks is the order of the reasons: who may not be written to at all is told so, whatever the hour. What the gate
decides on may change before the message is claimed; the claim repeats the checks that must hold at that very moment
(socle.messages.store).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from socle.errors import Rejected
from socle.messages.address import address_of
from socle.messages.caps import Counts, counted, exceeded, together
from socle.messages.model import FAILED, MARKETING, MOST_ATTEMPTS, Address, Message
from socle.messages.quiet import day_of, quiet_until, zone_of
from socle.messages.rules import Ask, SendingRules
from socle.profiles.model import Aggregate
from socle.segments.evaluate import share

NO_PROFILE, ERASED, ALREADY_SENT, ADDRESS_TAKEN = "no_profile", "erased", "already_sent", "address_taken"
NO_ADDRESS, INVALID_ADDRESS, SUPPRESSED = "no_address", "invalid_address", "suppressed"
NO_CONSENT, UNSUBSCRIBED, NOT_CONFIRMED = "no_consent", "unsubscribed", "not_confirmed"
HOLDOUT, FREQUENCY_CAP, QUIET_HOURS, NO_CONTENT = "holdout", "frequency_cap", "quiet_hours", "no_content"
THROTTLED, SENDING_STOPPED = "throttled", "sending_stopped"
"""Why attempts failed that are tried again by themselves: the channel took no more at that moment, or nothing at all."""


class Standing(NamedTuple):
    """What is known of an address, whoever's it is.

    suppressed  why nothing may be sent to it or to its domain; "" when something may
    withdrawn   topic → when it was withdrawn by this address, epoch ms; "" is the whole channel
    """

    suppressed: str = ""
    withdrawn: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as of now: what the gate looks at.

    profile   the partition that the message is asked for, and claimed in: the root, or one that was merged into it
    root      the aggregate; of version 0 when there is none
    rows      the ledger's rows of this message key, of all partitions of the person
    counts    partition → its counts for caps; `own` is the version of the root's own row, 0 for none
    """

    profile: str
    root: Aggregate
    rows: Sequence[Message] = ()
    counts: Mapping[str, Counts] = field(default_factory=dict)
    own: int = 0


class Send(NamedTuple):
    """It may go.

    address   to where
    attempt   which one it will be
    granted   when consent was given, epoch ms: a withdrawal since then is the newer word; 0 for transactional messages
    counts    what the root's own counts for caps become; None: it is not counted (transactional, or counted before)
    """

    address: Address
    attempt: int
    granted: int = 0
    counts: Counts | None = None


class Hold(NamedTuple):
    """Not now: from `until` (epoch ms) on."""

    until: int
    reason: str = QUIET_HOURS


class Skip(NamedTuple):
    """Not at all; `detail` says more to people."""

    reason: str
    detail: str = ""


class Known(NamedTuple):
    """It has been dealt with: this is the row that says how."""

    row: Message


Verdict = Send | Hold | Skip | Known


def decide(person: Person, standing: Standing | None, ask: Ask, rules: SendingRules, now: int,
           address: Address | None = None) -> Verdict:
    """What to do about `person` at `now` (epoch ms).

    standing  of the address that `reach` names; None when there is none
    address   where to instead of the person's own address: a webhook's URL
    """
    root = person.root
    if root.erased is not None:
        return Skip(ERASED)
    if root.version == 0 or root.snapshot.events == 0:
        return Skip(NO_PROFILE)
    before = _before(person, ask)
    if isinstance(before, Known | Skip):
        return before
    try:
        address = address or address_of(root.snapshot, ask.channel)
    except Rejected as error:
        return Skip(INVALID_ADDRESS, error.message)
    if address is None:
        return Skip(NO_ADDRESS)
    standing = standing or Standing()
    if standing.suppressed:
        return Skip(SUPPRESSED, standing.suppressed)
    attempt = before.attempt + 1 if before else 1
    if ask.purpose != MARKETING:
        return Send(address, attempt)
    granted = _consent(person, standing, ask)
    if isinstance(granted, Skip):
        return granted
    if share(f"holdout/{rules.holdout_salt}", root.id) < rules.holdout * 100:
        return Skip(HOLDOUT, "global")
    if share(f"holdout/{ask.campaign}", root.id) < ask.holdout * 100:
        return Skip(HOLDOUT, "campaign")
    zone = zone_of(root.snapshot, rules.timezone)
    if before is not None:
        counts = None  # the attempt that failed was counted
    else:
        today = day_of(zone, now)
        if cap := exceeded(rules.caps, together(person.counts.values()), ask.channel, ask.topic, today):
            return Skip(FREQUENCY_CAP, f"{cap.count} a {cap.per}")
        counts = counted(person.counts.get(root.id, {}), ask.channel, ask.topic, today)
    if quiet := _quiet(ask, rules, zone, now):
        return quiet
    return Send(address, attempt, granted, counts)


def reach(root: Aggregate, channel: str) -> Address | None:
    """Whose standing `decide` wants to know; None when there is no address, or none that can be one."""
    try:
        return address_of(root.snapshot, channel)
    except Rejected:
        return None


def _before(person: Person, ask: Ask) -> Message | Known | Skip | None:
    """The attempt that failed and may be followed by another; or that there has been one that is not to be repeated."""
    if not person.rows:
        return None
    last = max(person.rows, key=lambda row: (row.state != FAILED, row.profile == person.profile, row.attempt))
    if last.state == FAILED and (ask.resend or last.reason in (THROTTLED, SENDING_STOPPED)) and last.attempt < MOST_ATTEMPTS:
        return last
    own = [row for row in person.rows if row.profile == person.profile and ask.run and row.run == ask.run]
    # What went to another partition of the person is told there: it is one message.
    return Known(own[0]) if own else Skip(ALREADY_SENT, last.state)


def _consent(person: Person, standing: Standing, ask: Ask) -> int | Skip:
    """When consent was given, if it still holds: of two statements the later one counts, of two at one moment the withdrawal."""
    consent = person.root.snapshot.consent
    grant = consent.get((ask.channel, ask.topic))
    if grant is None:
        return Skip(NO_CONSENT)
    state = grant.value["state"]
    if state != "subscribed":
        return Skip(UNSUBSCRIBED) if state == "unsubscribed" else Skip(NOT_CONFIRMED)
    whole = consent.get((ask.channel, ""))
    withdrawn = [whole.at] if whole is not None and whole.value["state"] == "unsubscribed" else []
    withdrawn += [standing.withdrawn[topic] for topic in {ask.topic, ""} if topic in standing.withdrawn]
    return Skip(UNSUBSCRIBED) if withdrawn and max(withdrawn) >= grant.at else grant.at


def _quiet(ask: Ask, rules: SendingRules, zone: str, now: int) -> Hold | Skip | None:
    hours = rules.quiet_hours.get(ask.channel)  # type: ignore[call-overload]
    if hours is None or ask.quiet == "ignore" or (until := quiet_until(hours, zone, now)) is None:
        return None
    return Hold(until) if (ask.quiet or hours.then) == "hold" else Skip(QUIET_HOURS)


