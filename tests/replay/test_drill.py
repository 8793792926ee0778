"""A drill tells a backup that is whole from one that is not, while the live table goes on changing."""

from __future__ import annotations

from socle.clock import MINUTE
from socle.definitions.model import Definition
from socle.drill.service import Drill
from socle.profiles.codec import encode_aggregate
from socle.profiles.model import Snapshot
from socle.profiles.service import Profiles
from socle.replay.service import plan, summary
from socle.segments.rules import LiveRules
from tests.memory import MemoryProfiles
from tests.people import T0, USER, event
from tests.replay.kept import MemoryBucket, Restored
from tests.world import World

BOB = ("user_id", "bob")
RUN = T0 + 60 * MINUTE


class MemorySegments:
    def __init__(self, profiles: MemoryProfiles) -> None:
        self._profiles = profiles

    def profiles(self, segment: int, segments: int) -> list[str]:
        return [profile for profile, kind in self._profiles.items if kind == "A" and hash(profile) % segments == segment]


def drill(world: World, restored: Restored) -> dict:
    live, filled = ((Profiles(table), MemorySegments(table)) for table in (world.profiles, restored.profiles))
    numbers = plan(restored.bucket, "drill", RUN, compare=3)["compare"]
    for number in numbers:
        Drill(restored.bucket, live, filled).do("drill", number)
    summary(restored.bucket, "drill")
    answer = restored.bucket.load("drill", "sum")  # which also names the tasks of the other passes: they were another run's
    return answer | {"failures": [one for one in answer["failures"] if "profile" in one]}


def worlds() -> tuple[World, Restored]:
    world, restored = World(), Restored(MemoryBucket())
    world.deliver(event(1), event(2, BOB), event(3, ("anonymous_id", "a")))
    world.deliver(event(4, USER, ("anonymous_id", "a")))
    restored.run(world)
    return world, restored


def test_a_whole_backup_has_no_differences():
    world, restored = worlds()
    answer = drill(world, restored)
    assert (answer["failures"], answer["compared"], answer["changed"]) == ([], 3, 0)


def test_what_came_meanwhile_is_no_difference():
    world, restored = worlds()
    world.deliver(event(5, received=RUN - 1), event(6, ("user_id", "new"), received=RUN))
    answer = drill(world, restored)
    assert (answer["failures"], answer["compared"], answer["changed"]) == ([], 4, 3)  # one of them under two ids


def test_a_lost_event_a_lost_profile_and_one_that_should_not_be_there_are_named():
    world, restored = worlds()
    profiles = Profiles(world.profiles)
    ann, bob = (profiles.find(*one) for one in (USER, BOB))
    whole = restored.profiles.load([ann])[ann]
    less = whole.next(tail=whole.tail[1:])
    restored.profiles.save(less, encode_aggregate(less))
    del restored.profiles.items[bob, "A"]
    stray = world.profiles.load([ann])[ann]
    stray.id, stray.version, stray.members, stray.snapshot = "stray", 1, {}, Snapshot(events=1)
    restored.profiles.save(stray, encode_aggregate(stray))
    found = {(one["profile"], one["code"]) for one in drill(world, restored)["failures"]}
    assert found >= {(ann, "differs"), (bob, "differs"), ("stray", "only_restored")}


def test_segments_are_not_replayed_and_no_difference():
    world, restored = World(), Restored(MemoryBucket())
    document = {"when": {"type": "everyone"}}
    world.rules = world.rules._replace(segments=LiveRules.of([Definition("segments", "all", 1, document, T0, T0)]))
    world.deliver(event(1))
    restored.run(world)
    answer = drill(world, restored)
    assert (answer["failures"], answer["compared"], answer["changed"]) == ([], 1, 0)
