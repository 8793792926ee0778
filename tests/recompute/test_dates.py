"""Who was there before a journey of dates was published is told to look when their day comes: by the next recompute."""

from __future__ import annotations

from socle.clock import DAY
from socle.consumer.batch import Rules
from tests.journeys.people import CART, release
from tests.people import T0, event, identify
from tests.recompute.test_whole_way import house

__all__ = ["house"]


def test_whoever_has_the_date_is_due_after_the_next_recompute_and_once(house):
    house.world.now = T0 + DAY
    house.world.deliver(identify(1, ("user_id", "a"), traits={"birthday": "1990-12-24"}), event(2, ("user_id", "b")))
    house.compact()
    document = {name: part for name, part in CART.items() if name not in ("exits", "goal", "entry")} | {
        "trigger": {"type": "date", "trait": "birthday", "yearly": True}, "entry": {"again": "always"},
        "steps": [{"type": "send", "name": "Wish", "template": "wish"}]}
    house.releases = [release(document, "birthday", at=T0 + DAY)]
    house.world.rules = Rules.of(house.current, house.releases)
    assert house.run(T0 + DAY)["ticks"] == 1
    people = [name for name, kind in house.world.profiles.items if kind == "A"]
    dues = [one.due for one in house.world.profiles.load(people).values()]
    assert sorted(dues, key=str) == [1_703_408_400_000, None]  # 2023-12-24T09:00Z
    assert house.run(T0 + 4 * DAY)["ticks"] == 0
