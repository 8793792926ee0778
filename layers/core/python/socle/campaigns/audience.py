"""From an ordered stream of people to chunks: who gets which variant, when, in which phase. Pure.

An audience is gone through in the order of membership rows, shard by shard and by profile, so that one that is left out is found
by walking beside it; nothing is held in memory but the chunks that are being filled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from socle.campaigns.model.document import At, CampaignDocument
from socle.campaigns.model.progress import REST, TEST, Chunk, Place, Recipient
from socle.campaigns.pace import day_ends, local_moment, portion
from socle.campaigns.variants import is_tested, variant_of
from socle.clock import DAY


@dataclass(frozen=True)
class Cut:
    """How an audience is cut.

    size       people of a chunk
    now        when it is planned, epoch ms
    company    time zone of people without one
    is_dry     a forecast: all at once, nothing waits for a winner
    """

    campaign: str
    occurrence: str
    document: CampaignDocument
    size: int
    now: int
    company: str
    is_dry: bool = False


class Member(NamedTuple):
    """Somebody of an audience: their zone where it matters, and the variant that they had in the run that this one follows."""

    place: Place
    zone: str = ""
    variant: str | None = None


Group = tuple[str, int]
"""(phase, moment): what is in one chunk has these in common."""


def without(people: Iterable[Place], excluded: Iterable[Iterable[Place]]) -> Iterator[Place]:
    """`people` without those of the others; all in order."""
    others = [iter(one) for one in excluded]
    heads = [next(one, None) for one in others]
    for person in people:
        is_out = False
        for number, other in enumerate(others):
            head = heads[number]
            while head is not None and head < person:
                head = next(other, None)
            heads[number] = head
            is_out = is_out or head == person
        if not is_out:
            yield person


def cut(people: Iterable[Member], plan: Cut) -> Iterator[tuple[Chunk, list[Recipient]]]:
    """Chunks with their people, who come in order."""
    filling: dict[Group, list[tuple[Place, Recipient]]] = {}
    before: dict[Group, int] = {}
    throttle = plan.document.throttle.per_minute if plan.document.throttle and not plan.is_dry else None
    number = day = 0
    ends = day_ends(plan.document.warm_up) if plan.document.warm_up and not plan.is_dry else None
    end = next(ends) if ends else 0

    def chunk_of(group: Group) -> tuple[Chunk, list[Recipient]]:
        (phase, moment), found = group, filling.pop(group)
        delay = portion(before.get(group, 0), throttle)
        before[group] = before.get(group, 0) + len(found)
        at = moment + delay if moment or phase == REST or not delay else plan.now + delay
        return Chunk(number, at, len(found), phase, found[0][0], found[-1][0]), [who for _, who in found]

    for seen, member in enumerate(people):
        while ends is not None and seen >= end:
            day, end = day + 1, next(ends)
        group, recipient = _assign(plan, member, day)
        filling.setdefault(group, []).append((member.place, recipient))
        if len(filling[group]) >= plan.size:
            yield chunk_of(group)
            number += 1
    for group in sorted(filling):
        yield chunk_of(group)
        number += 1


def _assign(plan: Cut, member: Member, day: int) -> tuple[Group, Recipient]:
    document, profile = plan.document, member.place[1]
    variant = member.variant if member.variant is not None else variant_of(plan.campaign, document.variants, profile)
    recipient, phase = Recipient(profile, variant), ""
    if plan.is_dry:
        return ("", 0), recipient
    if document.test is not None:
        if is_tested(plan.occurrence, document.test.share, profile):
            phase = TEST
        else:
            phase, recipient = REST, Recipient(profile, "")
    if isinstance(document.schedule, At) and document.schedule.local:
        return (phase, local_moment(document.schedule, member.zone or plan.company, day)), recipient
    return (phase, plan.now + day * DAY if day else 0), recipient
