"""What trials found, told in few steps."""

from __future__ import annotations

from socle.profiles import seal
from socle.profiles.fold import refold
from socle.profiles.service import Profiles
from tests.people import USER, event, order
from tests.world import World


def test_pages_that_others_wrote_while_an_outbox_was_drained_are_read_again(monkeypatch):
    for name, value in {"BUDGET": 0, "MIN_ENTRIES": 1, "KEPT_ENTRIES": 0, "PAGE_BYTES": 10_000}.items():
        monkeypatch.setattr(seal, name, value)
    monkeypatch.setattr("socle.consumer.service.DRAIN_AT", 1)
    monkeypatch.setattr("socle.consumer.service.ROUND_BYTES", 0)
    world = World(webhooks={"Order Completed": ["crm"]})
    for number in (1, 20, 30):
        world.deliver(order(number, USER, order_id="o", revenue=1))
    send = world.queue.send

    def others_write(effects):
        world.queue.send = send
        for number in (5, 40):
            world.deliver(event(number, USER, name="Meanwhile"))
        send(effects)

    world.queue.send = others_write
    world.deliver(order(31, USER, order_id="o", revenue=2), order(32, USER, order_id="o", revenue=3))
    profiles = Profiles(world.profiles)
    root = profiles._root(profiles.find(*USER))
    assert root.snapshot.counts == {"Meanwhile": 2, "Order Completed": 5}
    assert root.snapshot == refold(profiles.history(root))
