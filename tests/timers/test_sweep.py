"""Time without events: who is due gets a tick on the stream."""

from __future__ import annotations

from socle.events.model import Tick
from socle.events.stream import decode
from socle.profiles.codec import encode_aggregate
from socle.profiles.model import Aggregate
from socle.timers.service import sweep
from tests.memory import MemoryProfiles
from tests.people import T0


class Stream:
    def __init__(self):
        self.records = []

    def put(self, records):
        self.records += records


def test_a_tick_is_sent_for_each_profile_that_is_due():
    profiles, stream = MemoryProfiles(), Stream()
    for name, due in (("early", T0), ("later", T0 + 60_000)):
        profiles.save(Aggregate(name, 1, due=due), encode_aggregate(Aggregate(name)))
    assert sweep(profiles, stream, T0 + 1) == 1
    assert [tick for record in stream.records for tick in decode(record.data).ticks] == [Tick("early", T0)]


def test_nobody_due_sends_nothing():
    stream = Stream()
    assert sweep(MemoryProfiles(), stream, T0) == 0
    assert stream.records == []
