"""Every ambiguous send is settled by whatever SES says of it, or closed after a day; however often it is said, in any order.

A chunk is sent with faults and with SES that answers or does not; then SES's reports arrive, some twice, mixed, in batches whose
calls fail, too.
"""

from __future__ import annotations

import json
import random
from types import SimpleNamespace

from infra.local.ses_events import SentMail, events_of
from socle.consent.store import Standings
from socle.errors import Unavailable
from socle.feedback.model import Arrived
from socle.feedback.service import FeedbackTaker
from socle.messages.events import sent_event
from socle.messages.items import message_of
from socle.messages.model import BOUNCED, CLAIMED, CLOSED, COMPLAINED, DELIVERED, FAILED, RANK, SENT, UNKNOWN
from socle.messages.store import Ledger
from socle.tracking.service import Tracker
from socle.tracking.store import VisitStore
from tests.faults.calls import Crash, FaultyCalls, kinds
from tests.faults.dynamo import Dynamo
from tests.messages.promises import Broken, check
from tests.messages.trial import World, work

TRIALS = 300
HOUR = 3_600_000


def reports(world: World, chance: random.Random) -> list[Arrived]:
    """What SES says of all that it delivered: that some bounced or complained; of some, only that they were sent."""
    found = []
    for place, (_, message, address) in enumerate(world.delivered):
        local = chance.choice(("", "", "", "bounce", "complaint"))
        to = f"{local}+{address.value.partition('@')[0]}@simulator.amazonses.com" if local else address.value
        said = events_of(SentMail(f"ses-{place}", "letters@example.com", [to], "Hello", {}, {"socle_message": message.tag},
                                  "socle", message.at + 1_000))
        said = said if chance.random() < 0.8 else said[:1]
        found += [Arrived(f"{place}-{number}", json.dumps(one), message.at + 2_000) for number, one in enumerate(said)]
    return found


def taken(world: World, calls: FaultyCalls, arrived: list[Arrived], chance: random.Random) -> None:
    """The queue gives everything until it is taken, some of it twice."""
    dynamo = Dynamo(calls)
    dynamo.items, dynamo.log = world.dynamo.items, world.dynamo.log
    world.calls = calls
    standings, ledger = Standings(dynamo, "t"), Ledger(dynamo, "t")
    stream = SimpleNamespace(put=world.put)
    taker = FeedbackTaker(ledger, standings, stream, world, world, Tracker(ledger, VisitStore(dynamo, "t"), stream, world),
                          SimpleNamespace())  # type: ignore[arg-type]
    left = arrived + [one for one in arrived if chance.random() < 0.3]
    chance.shuffle(left)
    for _ in range(200):
        if not left:
            return
        batch = left[:chance.choice((1, 5, 10))]
        left = left[len(batch):]
        try:
            failed = set(taker.take(batch, world.clock() + HOUR).failed)
            left += [one for one in batch if one.id in failed]
        except (Crash, Unavailable):
            left += batch
    raise Broken("feedback never gets through")


def trial(seed: int) -> dict[str, int]:
    """How many messages ended in each way. Raises Broken."""
    chance = random.Random(seed)
    faults = {chance.randrange(30): chance.choice(kinds("TransactWriteItems", 2, True))
              for _ in range(chance.choice((0, 1, 2, 3)))}
    world = World(FaultyCalls(faults))
    work(world)
    world.calls.arrive()
    arrived = reports(world, chance)
    calls = FaultyCalls({chance.randrange(60): chance.choice(kinds("BatchExecuteStatement", 2, True))
                         for _ in range(chance.choice((0, 1, 3)))})
    taken(world, calls, arrived, chance)
    rows = [message_of(item) for (_, sort), item in world.dynamo.items.items() if sort.startswith("M#")]
    delivered = {message.tag: address for _, message, address in world.delivered}
    ends: dict[str, int] = {}
    for row in rows:
        state = row.shown(row.at + 48 * HOUR)
        ends[state] = ends.get(state, 0) + 1
        if row.tag in delivered:
            check(RANK[row.state] >= RANK[SENT], "delivered, and not settled:", row)
        else:
            check(row.state in (CLAIMED, FAILED), "not delivered, and said to be:", row)
            check(row.state == FAILED or state == CLOSED, "neither settled nor closed:", row)
            check(row.state == FAILED or row.shown(row.at + HOUR) == UNKNOWN, "not counted as unknown:", row)
    said = {(event.ts, event.message_id) for event in world.events if event.message_id.endswith(".sent")}
    check(said == {(message.at, sent_event(message, 0).message_id) for _, message, _ in world.delivered},
          "sendings are told otherwise than they were:", sorted(said))
    check(len({one for _, one in said}) == len(said), "one sending is two events")
    for one in arrived:
        said_of = json.loads(one.body)
        if said_of["eventType"] in ("Bounce", "Complaint"):
            tag = said_of["mail"]["tags"]["socle_message"][0]
            row = next(row for row in rows if row.tag == tag)
            check(row.state in (BOUNCED, COMPLAINED), "bounced or complained, and the ledger says", row.state)
        elif said_of["eventType"] == "Delivery":
            row = next(row for row in rows if row.tag == said_of["mail"]["tags"]["socle_message"][0])
            check(RANK[row.state] >= RANK[DELIVERED], "delivered, and the ledger says", row.state)
    return ends


def test_every_ambiguous_send_is_settled_or_closed(record_property):
    wrong, ends = [], {}
    for seed in range(TRIALS):
        try:
            for state, count in trial(seed).items():
                ends[state] = ends.get(state, 0) + count
        except Broken as broken:
            wrong.append(f"{seed}: {broken}")
    record_property("summary", f"feedback trials: {TRIALS}, messages by their end: {dict(sorted(ends.items()))}, "
                    f"divergences: {len(wrong)}")
    assert not wrong, "\n".join(wrong[:10])
    assert ends[CLOSED] > 10
    assert ends[COMPLAINED] > 10
