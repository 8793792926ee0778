"""Every call that taking in a batch of feedback makes goes wrong once, in every way in which AWS and networks do."""

from __future__ import annotations

import pytest

from socle.consent.store import Standings
from socle.errors import Unavailable
from socle.events.stream import decode
from socle.feedback.model import Arrived
from socle.feedback.service import FeedbackTaker
from socle.messages.items import message_item
from socle.messages.store import Ledger
from socle.tracking.service import Tracker
from socle.tracking.store import VisitStore
from tests.faults.calls import Crash, FaultyCalls, kinds
from tests.faults.dynamo import Dynamo
from tests.feedback.world import MAIL, Runs, Texts, bounce, complaint, event
from tests.tracking.world import ANN, AT, Stream

NOW = AT + 3_600_000
BATCH = [event("Send"), event("DeliveryDelay", 700, delayType="MailboxFull"), event("Delivery", 1_500), bounce(after=5_000),
         bounce(after=6_000, to="bob@example.com", message=None), complaint(9_000),
         event("Subscription", 9_500, newTopicPreferences={"unsubscribeAll": True})]
OPENED = AT + 3_000
"""Before anybody could have read what was delivered half a second ago."""


class Shop(Stream):
    """A table, a stream, and the counts of one run, all of which may go wrong."""

    def __init__(self, calls: FaultyCalls) -> None:
        super().__init__()
        self.calls, self.dynamo, self.totals = calls, Dynamo(calls), {"opened": 1}
        for item in (message_item(MAIL.next(opened=OPENED)),
                     {"PK": {"S": f"T#{MAIL.tag}"}, "SK": {"S": "T"}, "v": {"SS": [f"o.0.{OPENED}.h"]}}):
            self.dynamo.items[item["PK"]["S"], item["SK"]["S"]] = item
        self.ledger, self.standings = Ledger(self.dynamo, "t"), Standings(self.dynamo, "t", "t")
        self.taker = FeedbackTaker(self.ledger, self.standings, self, self, Runs(),  # type: ignore[arg-type]
                                   Tracker(self.ledger, VisitStore(self.dynamo, "t"), self, self), Texts())  # type: ignore[arg-type]

    def put(self, records) -> None:
        self.calls.make("PutRecords", records, lambda some: self.events.extend(
            found for record in some for found in decode(record.data).events))

    def add(self, campaign, run, counts) -> dict[str, int]:
        def count(_):
            for (_, metric), number in counts.items():
                self.totals[metric] = self.totals.get(metric, 0) + number
        self.calls.make("UpdateItem", [run], count)
        return dict(self.totals)

    def take_all(self) -> None:
        """As the queue gives it: until all of it is taken."""
        left = [Arrived(f"m{number}", body, NOW) for number, body in enumerate(BATCH)]
        for _ in range(10):
            try:
                failed = set(self.taker.take(left, NOW).failed)
            except Crash:
                continue
            left = [one for one in left if one.id in failed]
            if not left:
                break
        self.calls.arrive()
        assert not left

    def came_to(self):
        row = self.ledger.get(MAIL.profile, MAIL.key)
        listed = {sort: item["reason"] for (part, sort), item in self.dynamo.items.items() if part == "suppressions"}
        return (row, self.standings.load([ANN])[ANN], listed,
                {key: (found.name, found.revision, str(found.body)) for key, found in self.kept.items()})


def ran(faults=None) -> Shop:
    shop = Shop(FaultyCalls(faults))
    shop.take_all()
    shop.calls.faults = {}
    return shop


def test_without_a_fault():
    shop = ran()
    row, standing, listed, events = shop.came_to()
    assert (row.state, row.reason, row.opened, standing.reason) == ("complained", "abuse", 0, "complaint")
    assert listed == {"email#ann@example.com": {"S": "complaint"}, "email#bob@example.com": {"S": "hard_bounce"}}
    assert sorted(name for name, *_ in events.values()) == sorted([
        "Email Sent", "Email Delayed", "Email Delivered", "Email Bounced", "Email Marked as Spam", "Consent Updated",
        "Email Opened Automatically"])
    assert {name: number for name, number in shop.totals.items() if number} == {"delivered": 1, "bounced": 1, "complained": 1}


def test_whatever_goes_wrong_feedback_comes_to_the_same(record_property):
    straight = ran()
    log = list(straight.calls.log)
    tried = 0
    for number, (name, parts, fresh) in enumerate(log):
        for kind in kinds(name, parts, fresh):
            shop = ran({number: kind})
            assert shop.calls.fired, (number, name, kind)
            assert shop.came_to() == straight.came_to(), (number, name, kind)
            # A count is no part of what is promised: one that was interrupted is missed, or done twice, but no more than that.
            assert all(abs(shop.totals.get(metric, 0) - total) <= 1 for metric, total in straight.totals.items()), shop.totals
            tried += 1
    record_property("summary", f"faults of feedback: {tried}, in {len(log)} calls, 0 came to something else")
    assert tried > 100


@pytest.mark.parametrize("times", [2, 3])
def test_an_outage_that_goes_on_loses_nothing(times):
    straight = ran()
    for first in range(len(straight.calls.log)):
        shop = ran({first + more: "outage before" for more in range(3 * times)})
        assert shop.came_to() == straight.came_to(), first


def test_in_an_outage_it_is_said_which_messages_must_come_again():
    shop = Shop(FaultyCalls(dict.fromkeys(range(1_000), "outage before")))
    assert len(shop.taker.take([Arrived("a", BATCH[0], NOW), Arrived("b", BATCH[3], NOW)], NOW).failed) == 2
    with pytest.raises(Unavailable):
        shop.ledger.get(MAIL.profile, MAIL.key)
