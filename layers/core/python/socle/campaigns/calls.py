"""What a run asks of AWS, in its units: what depends on people is counted for each (socle.messages.units), the rest here. Pure.

Three parts, kept apart: what the run itself calls, which a recorded run must agree with; what follows on it, feedback and events,
which is modelled; and computing, which is modelled, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from socle.campaigns.rounds import AT_ONCE
from socle.costs.prices import (
    COMPUTE,
    GETS,
    INVOCATIONS,
    MAILS,
    NOTICES,
    PUSHES,
    PUTS,
    QUEUE,
    READS,
    STREAM_IN,
    STREAM_OUT,
    TEXTS,
    TRANSITIONS,
    WRITES,
)
from socle.messages.model import EMAIL, PUSH, SMS
from socle.messages.units import Units

Counts = Counter[str]

ROUND_TRANSITIONS, CALL_TRANSITIONS, ENDS = 3, 1, 3
"""States of the workflow: a round (or a wait) takes three, each call of a worker one; plan, choice, finish."""
_ROW = 130
"""Bytes of a membership row, about."""
_ROWS_IN_UNIT = 2 * 4_096 // _ROW
_SHARDS = 16

_FEEDBACK = 2
"""Events of SES on a mail that arrives: sent, delivered."""
_RECEIVED, _AT_A_TIME = 10, 100
"""Messages of the queue that one request brings, or deletes; that one call of receive_feedback takes."""
_KIB = 1024
_MS_A_MESSAGE, _MB = 8, 1_769
"""Assumed: ms of one worker for a message, most of it waiting for SES with others; its memory."""
_MS_A_FEEDBACK, _MS_AN_EVENT = 3, 1
_MB_ELSEWHERE = 1_024


class Shape(NamedTuple):
    """A run beside its people.

    people    in the audience
    chunks    people of each chunk
    batch     people that a worker handles together
    calls     of workers: one for each chunk, more where a chunk takes longer than a function may
    variants  how many
    budgets   of rates that each batch takes a place of: the channel's, a throttle's
    waits     for a time, for the next portion, for a winner; each is followed by a round
    """

    people: int
    chunks: Sequence[int]
    batch: int
    calls: int
    variants: int = 1
    budgets: int = 1
    waits: int = 0

    @property
    def batches(self) -> int:
        """Of all chunks."""
        return sum(-(-people // self.batch) for people in self.chunks)

    @property
    def rounds(self) -> int:
        """In which chunks are sent to."""
        return -(-self.calls // AT_ONCE) + self.waits


def of_run(shape: Shape, people: Units, channel: str, messages: int) -> Counts:
    """Of planning, sending and ending a run; `people` is the sum over all of them."""
    calls, steps = shape.calls, shape.rounds + shape.waits + 1
    counts: Counts = Counter({
        READS: people.reads + _plan_reads(shape) + steps + 2 + shape.batches + calls * (shape.variants + 2),
        WRITES: people.writes + 3 + shape.batches * shape.budgets + calls * shape.variants,
        STREAM_IN: people.kib,
        PUTS: 2 + len(shape.chunks) * 2 + steps + calls,  # plan, progress; chunks, listings of outcomes; progress; outcomes
        GETS: 2 * steps + 1 + 2 * calls + calls,  # plan and progress; the worker's plan and chunk; outcomes
        TRANSITIONS: ENDS + ROUND_TRANSITIONS * (shape.rounds + shape.waits) + CALL_TRANSITIONS * calls,
        INVOCATIONS: steps + 1 + calls,
    })
    counts[{EMAIL: MAILS, PUSH: PUSHES}.get(channel, "")] += messages
    if channel == SMS:
        counts[TEXTS] += people.micro_usd
    return +Counter({unit: number for unit, number in counts.items() if unit})


def of_what_follows(people: Units, channel: str, messages: int) -> Counts:
    """Modelled: SES's two events on each mail, and the events of all messages on their way into profiles and the lake."""
    feedback = _FEEDBACK * messages if channel == EMAIL else 0
    size = people.size / messages if messages else 0
    events = messages + feedback // 2  # that it was sent is said twice and is one event
    return +Counter({
        READS: feedback + (messages + feedback) * _units(size, 4 * _KIB),
        WRITES: feedback + feedback / _AT_A_TIME + events * _units(size, _KIB),
        STREAM_IN: feedback, STREAM_OUT: people.kib + feedback, NOTICES: feedback,
        QUEUE: 2 * feedback / _RECEIVED, INVOCATIONS: feedback / _AT_A_TIME})


def of_computing(people: int, messages: int, channel: str) -> Counts:
    """Modelled: seconds of functions, times their memory."""
    feedback = _FEEDBACK * messages if channel == EMAIL else 0
    worker = (messages * _MS_A_MESSAGE + (people - messages)) * _MB
    rest = (feedback * _MS_A_FEEDBACK + (messages + feedback) * _MS_AN_EVENT) * _MB_ELSEWHERE
    return Counter({COMPUTE: (worker + rest) / 1_000 / 1_024})


def _plan_reads(shape: Shape) -> int:
    """Definitions, and who is in the segment; a sixteenth of it is read first, for the size of chunks."""
    return 12 + -(-shape.people * (_SHARDS + 1) // (_SHARDS * _ROWS_IN_UNIT)) + _SHARDS // 2


def _units(size: float, step: int) -> float:
    """On average, of items about so large."""
    return max(1.0, size / step + 0.5)
