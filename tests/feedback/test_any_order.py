"""Feedback comes at least once, in any order, and beside the worker that sends: what it comes to is always the same."""

from __future__ import annotations

from itertools import count, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.messages.model import BOUNCED, CLAIMED, COMPLAINED, DELIVERED, EMAIL, FAILED, SENT, Address
from tests.examples import examples
from tests.feedback.world import MAIL, World, bounce, complaint, event, worlds
from tests.people import cut
from tests.tracking.world import AT

REPORTS = {
    "send": event("Send"),
    "delay": event("DeliveryDelay", 700, delayType="MailboxFull", delayedRecipients=[{"emailAddress": "ann@example.com"}]),
    "delivery": event("Delivery", 1_500),
    "bounce": bounce(after=5_000),
    "complaint": complaint(9_000),
    "subscription": event("Subscription", 9_500, newTopicPreferences={"unsubscribeAll": True}),
}
STATES = {"complaint": (COMPLAINED, "abuse"), "bounce": (BOUNCED, "Permanent/General"), "delivery": (DELIVERED, "")}
NUMBERS = count()


@pytest.fixture(scope="module")
def world():
    with worlds() as one:
        yield one


class Told:
    """One message of its own, and what reports of it came to."""

    def __init__(self, world: World, state: str) -> None:
        number = next(NUMBERS)
        self.world, self.to = world, f"a{number}@example.com"
        self.mail = MAIL.next(profile=f"p{number}", state=state, address=Address(EMAIL, self.to).digest)
        world.have(self.mail)
        world.stream.events.clear()

    def take(self, names: list[str]) -> None:
        bodies = [REPORTS[name].replace(MAIL.tag, self.mail.tag).replace("ann@example.com", self.to) for name in names]
        assert self.world.take(*bodies).failed == []

    def came_to(self) -> tuple:
        """State, reason, what the address may get, whether it is listed; and the events by the end of their key."""
        row, standing = self.world.row(self.mail), self.world.standing(Address(EMAIL, self.to))
        listed = self.world.dynamodb.get_item(TableName="definitions", Key={
            "PK": {"S": "suppressions"}, "SK": {"S": f"email#{self.to}"}}).get("Item")
        return (row.state, row.reason, standing, listed, {
            (found.ts, found.message_id.replace(self.mail.tag, "")): (found.name, str(found.body).replace(self.mail.tag, ""))
            for found in self.world.stream.kept.values()})


def test_every_order_of_a_message_s_reports_comes_to_the_same(world):
    found, addresses = [], []
    for order in permutations(("send", "delivery", "bounce", "complaint")):
        told = Told(world, CLAIMED)
        for name in order:
            told.take([name])
        found.append(told.came_to())
        addresses.append(told.to)
    assert len(found) == 24
    assert {one[3].pop("SK")["S"] for one in found} == {f"email#{address}" for address in addresses}
    assert [one for one in found if one != found[0]] == []
    assert found[0][:2] == (COMPLAINED, "abuse")
    assert len(found[0][4]) == 4


@examples(25)
@given(data=st.data())
def test_repeats_batches_orders_and_the_worker_s_own_word_change_nothing(world, data):
    names = data.draw(st.lists(st.sampled_from(sorted(REPORTS)), min_size=1, unique=True))
    straight = Told(world, SENT)
    straight.take(names)
    state, reason, standing, listed, events = straight.came_to()
    start, late = data.draw(st.sampled_from([(CLAIMED, False), (CLAIMED, True), (FAILED, False), (SENT, False)]))
    told = Told(world, start)
    repeated = data.draw(st.lists(st.sampled_from(names), max_size=5))
    batches = cut(data.draw, [*names, *repeated])
    marked = data.draw(st.integers(0, len(batches)))
    for place, batch in enumerate([*batches, []]):
        if place == marked and late:
            told.world.ledger.advance([told.mail.next(state=SENT)])
        told.take(batch)
    assert told.came_to()[:3] == (state, reason, standing)
    assert [one["reason"]["S"] if one else "" for one in (told.came_to()[3], listed)] == [standing.reason] * 2
    assert (state, reason) == next((STATES[name] for name in STATES if name in names), (state, ""))
    sent = (AT, ".sent")
    kept = told.came_to()[4]
    # The worker has said itself that it was sent, if it knew.
    assert {key: said for key, said in kept.items() if key != sent} == {
        key: said for key, said in events.items() if key != sent}
    assert sent in kept or start == SENT or late
