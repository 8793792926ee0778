"""What a run does next: send to chunks, wait, decide its test, or end. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from socle.campaigns.model.progress import HELD, REST, Chunk, Place, Progress, Recipient
from socle.clock import MINUTE

AT_ONCE = 64
"""Chunks of a round. Who is held until some time waits for the end of the round, so it may not take too long."""
ROUND_EVENTS, CHUNK_EVENTS = 14, 8
"""Entries that a round and each of its chunks have in an execution's history."""
MOST_EVENTS = 14_000
"""Of an execution; Step Functions ends it at 25,000. Retries are the rest."""
STEP = 15 * MINUTE
"""People who are held until nearly the same time come together again."""


class Send(NamedTuple):
    """Begin, or go on with, these chunks."""

    chunks: tuple[Chunk, ...]


class Wait(NamedTuple):
    """Nothing to do before `until`, epoch ms."""

    until: int


class Decide(NamedTuple):
    """All has been sent that may be without a winner."""


class Finish(NamedTuple):
    """Nobody is left."""


class HandOver(NamedTuple):
    """This execution's history is long enough: another one goes on."""


def following(progress: Progress, now: int, all_at_once: bool = False) -> Send | Wait | Decide | Finish | HandOver:
    """The next thing to do at `now` (epoch ms). `all_at_once`: of a forecast, for which no time has to come."""
    if progress.events > MOST_EVENTS:
        return HandOver()
    left = [chunk for chunk in progress.chunks.values() if not chunk.done]
    open_ = [chunk for chunk in left if chunk.phase != REST]
    ready = sorted((chunk for chunk in open_ if all_at_once or chunk.at <= now),
                   key=lambda chunk: (chunk.phase != HELD, chunk.at, chunk.number))  # who was held has waited already
    if ready:
        return Send(tuple(ready[:AT_ONCE]))
    if open_:
        return Wait(min(chunk.at for chunk in open_))
    return Decide() if left else Finish()


def absorb(progress: Progress, results: Iterable[Mapping[str, Any]]) -> tuple[Progress, list[int]]:
    """The progress after a round, and the chunks that it ended; results: {"chunk", "position", "done"}. Again, it changes
    nothing."""
    changed, ended = [], []
    for result in results:
        chunk = progress.chunks.get(result["chunk"])
        if chunk is None or chunk.done:
            continue
        changed.append(chunk.next(position=max(chunk.position, result["position"]), done=bool(result["done"])))
        if result["done"]:
            ended.append(chunk.number)
    return progress.with_chunks(changed), ended


def held_again(held: Iterable[tuple[int, Recipient, Place]], size: int) -> list[tuple[int, list[Recipient], Place, Place]]:
    """People who were held, (until, who, where in the audience), as new chunks: (not before, people, first, last)."""
    by_moment: dict[int, list[tuple[Place, Recipient]]] = {}
    for until, recipient, place in held:
        by_moment.setdefault(-(-until // STEP) * STEP, []).append((place, recipient))
    made = []
    for moment, people in sorted(by_moment.items()):
        people.sort()
        for first in range(0, len(people), size):
            part = people[first:first + size]
            made.append((moment, [who for _, who in part], part[0][0], part[-1][0]))
    return made


def held_chunk(number: int, made: tuple[int, list[Recipient], Place, Place]) -> Chunk:
    """The chunk of one of `held_again`."""
    moment, people, first, last = made
    return Chunk(number, moment, len(people), HELD, first, last)


def released(progress: Progress, now: int) -> list[Chunk]:
    """The chunks that waited for a winner, now that there is one."""
    return [chunk.next(phase="", at=now + chunk.at) for chunk in progress.chunks.values() if chunk.phase == REST]
