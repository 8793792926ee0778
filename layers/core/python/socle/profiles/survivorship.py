"""Survivorship: which of the values that events wrote is a trait's value. Pure.

Each rule picks the greatest write under a total order, or counts votes, so the answer depends on the set of writes alone.

    latest           the last write
    most_frequent    the value that most events wrote since the trait was last removed; of equals the one written last
    source_priority  the last write of the most trusted source; a source that is not listed comes after all that are
    verified_first   the last verified write; the last write when none is verified
    never_overwrite  the first write that is no removal
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Container, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from socle.events.model import Event
from socle.profiles.model import Register

LATEST_RULE, MOST_FREQUENT, SOURCE_PRIORITY = "latest", "most_frequent", "source_priority"
VERIFIED_FIRST, NEVER_OVERWRITE = "verified_first", "never_overwrite"

_VERIFIED = "_verified"
_FLAGS = {"phone": ("phone_verified", "phone_number_verified")}
"""OpenID Connect calls the flag of a telephone number phone_number_verified, whatever the number itself is called."""


class Rule(NamedTuple):
    """How a trait's value is chosen.

    name     one of the five
    sources  names of sources, most trusted first; only of source_priority
    """

    name: str = LATEST_RULE
    sources: tuple[str, ...] = ()


class Survivorship(NamedTuple):
    """The rules of all traits; `survivorship` makes one.

    number  tells these rules from others, CRC-32; 0 when all is `latest`
    """

    default: Rule = Rule()
    traits: Mapping[str, Rule] = MappingProxyType({})
    number: int = 0

    def rule_of(self, trait: str) -> Rule:
        """The rule of a trait. The flag of a trait that is `verified_first` goes with it, unless it has a rule of its own."""
        rule = self.traits.get(trait)
        if rule is None and trait.endswith(_VERIFIED):
            of = (self.traits.get(base) for base in _bases(trait))
            rule = next((one for one in of if one is not None and one.name == VERIFIED_FIRST), None)
        return self.default if rule is None else rule


LATEST = Survivorship()
"""Nothing defined: the last write counts."""


def survivorship(default: Rule, traits: Mapping[str, Rule]) -> Survivorship:
    """The rules as one. Those that say the same have the same number, however they were written down."""
    kept = {trait: rule for trait, rule in sorted(traits.items()) if rule != default or trait.endswith(_VERIFIED)}
    if default == Rule() and all(rule == default for rule in kept.values()):
        return LATEST
    text = json.dumps([default, kept])
    return Survivorship(default, MappingProxyType(kept), zlib.crc32(text.encode()) or 1)


def survivors(registers: Mapping[str, Register], events: Iterable[Event], rules: Survivorship) -> dict[str, Register] | None:
    """The registers of traits with the writes of `events` added; None when only the whole history can tell.

    That is so when a trait goes by votes and somebody votes for another value than the one that leads.
    """
    after = dict(registers)
    for trait, writes in writes_of(events, rules).items():
        rule, old = rules.rule_of(trait), registers.get(trait)
        if old is not None:
            if rule.name == MOST_FREQUENT and any(text_of(write.value) != text_of(old.value) for write in writes):
                return None
            writes = [old, *writes]
        won = winner(rule, writes)
        if won is not None:
            after[trait] = won
    return after


def writes_of(events: Iterable[Event], rules: Survivorship, only: Container[str] | None = None) -> dict[str, list[Register]]:
    """What the events write, by trait; all traits, or `only` these."""
    found: dict[str, list[Register]] = {}
    for event in events:
        traits = traits_of(event)
        if traits:
            tie = tie_of(event)
            for trait, value in traits.items():
                if only is not None and trait not in only:
                    continue
                rank = _rank(rules.rule_of(trait), trait, event.source, traits)
                found.setdefault(trait, []).append(Register(event.at, tie, value, rank))
    return found


def winner(rule: Rule, writes: Sequence[Register]) -> Register | None:
    """The write that counts; None when there is none, as when all that happened to a `never_overwrite` trait is its removal."""
    if rule.name == MOST_FREQUENT:
        return _elected(writes)
    if rule.name == NEVER_OVERWRITE:
        return min((write for write in writes if write.value is not None), key=order, default=None)
    return max(writes, key=lambda write: (write.rank, order(write)), default=None)


def _elected(writes: Sequence[Register]) -> Register | None:
    removal = max((write for write in writes if write.value is None), key=order, default=None)
    votes: dict[str, list[Register]] = {}
    for write in writes:
        if write.value is not None and (removal is None or later(write, removal)):
            votes.setdefault(text_of(write.value), []).append(write)
    last = [(len(given), max(given, key=order)) for given in votes.values()]
    return max(last, key=lambda one: (one[0], order(one[1])))[1] if last else removal


def traits_of(event: Event) -> dict[str, Any]:
    """The traits that an event writes: an identify call's."""
    return (event.body.get("traits") or {}) if event.type == "identify" else {}


def is_verified(trait: str, traits: Mapping[str, Any]) -> bool:
    """Whether the event that wrote these traits says that this one, e.g. `email`, is verified: `email_verified`, true."""
    flags = _FLAGS.get(trait, (trait + _VERIFIED,))
    # Some identity providers send the flag as text.
    return traits.get(trait) is not None and any(traits.get(flag) is True or traits.get(flag) == "true" for flag in flags)


def _rank(rule: Rule, trait: str, source: str, traits: Mapping[str, Any]) -> int:
    """What counts before the time of a write; the higher wins."""
    if rule.name == SOURCE_PRIORITY:
        return len(rule.sources) - rule.sources.index(source) if source in rule.sources else 0
    if rule.name == VERIFIED_FIRST:
        return int(any(is_verified(one, traits) for one in (_bases(trait) if trait.endswith(_VERIFIED) else (trait,))))
    return 0


def _bases(flag: str) -> tuple[str, ...]:
    """The traits that a flag may speak of."""
    return (flag.removesuffix(_VERIFIED), *(trait for trait, flags in _FLAGS.items() if flag in flags))


def tie_of(event: Event) -> int:
    """What orders writes of the same millisecond: the CRC-32 of the event's key."""
    return zlib.crc32(event.key.encode("utf-8", "surrogatepass"))


def order(register: Register) -> tuple[int, int, str]:
    """Sorts writes from the first to the last."""
    return register.at, register.tie, text_of(register.value)


def later(one: Register, other: Register) -> bool:
    """Whether `one` was written after `other`."""
    if one.at != other.at:
        return one.at > other.at
    if one.tie != other.tie:
        return one.tie > other.tie
    return text_of(one.value) > text_of(other.value)


def text_of(value: Any) -> str:
    """Equal for equal JSON values."""
    return json.dumps(value, sort_keys=True)
