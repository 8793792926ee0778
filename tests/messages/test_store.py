"""A claim stands only if everything that it was decided on still holds, all of it at one moment."""

from __future__ import annotations

from typing import Any

import pytest

from socle.consent.store import Standings
from socle.errors import Conflict
from socle.messages.gate import Standing
from socle.messages.model import BOUNCED, DELIVERED, FAILED, SENT, Address, Message
from socle.messages.store import Claim, Ledger
from socle.profiles.codec import encode_aggregate
from socle.profiles.items import aggregate_item
from tests.faults.dynamo import Dynamo
from tests.messages.people import ADA, KEY, NOON, aggregate, row

GIVEN = NOON - 86_400_000


@pytest.fixture
def dynamo() -> Dynamo:
    table = Dynamo()
    for profile in ("p1", "p2"):
        one = aggregate(profile)
        table.put_item(Item=aggregate_item(one, encode_aggregate(one)))
    return table


def claim(message: Message | None = None, **changes: Any) -> Claim:
    message = message or row(topic="news")
    default = Claim(message, None, message.profile, frozenset([message.profile]), 1, "marketing", GIVEN, ({"2026-06-01": {}}, 0))
    return default._replace(**changes)


def other(profile: str = "p2", **fields: Any) -> Message:
    return row(profile=profile, topic="news", **fields).next(address=Address("email", "p2@example.com").digest)


def test_what_is_claimed_is_in_the_ledger_and_can_be_looked_at(dynamo):
    ledger, message = Ledger(dynamo, "t"), row(topic="news", variant="a", domain="example.com")
    ledger.claim([claim(message)])
    assert ledger.get("p1", KEY) == message
    found = ledger.look(["p1", "p9"], KEY)
    assert (found.rows, found.counts) == ({"p1": message}, {"p1": (1, {"2026-06-01": {}})})
    assert ledger.owners(KEY, [ADA.digest, "nobody"]) == {ADA.digest: "p1"}
    assert ledger.of_profile(["p1", "p2"], 10) == [message]


def test_a_message_is_claimed_once(dynamo):
    ledger = Ledger(dynamo, "t")
    ledger.claim([claim()])
    with pytest.raises(Conflict):
        ledger.claim([claim(counts=None)])


def test_only_a_failed_attempt_is_followed_by_another(dynamo):
    ledger = Ledger(dynamo, "t")
    ledger.claim([claim()])
    second = claim(row(topic="news", attempt=2), before=row(), counts=None)
    with pytest.raises(Conflict):
        ledger.claim([second])
    ledger.advance([row(FAILED, reason="rejected")])
    ledger.claim([second])
    assert ledger.get("p1", KEY).attempt == 2


def test_an_address_gets_it_once_whoever_has_it(dynamo):
    ledger = Ledger(dynamo, "t")
    ledger.claim([claim()])
    with pytest.raises(Conflict):
        ledger.claim([claim(row(profile="p2", topic="news"))])
    ledger.claim([claim(other())])


def test_what_went_to_one_partition_of_a_person_is_not_claimed_for_another(dynamo):
    ledger = Ledger(dynamo, "t")
    ledger.claim([claim()])
    both = claim(other(), root="p1", parts=frozenset(["p1", "p2"]), counts=None)
    with pytest.raises(Conflict):
        ledger.claim([both])
    ledger.advance([row(FAILED)])
    ledger.claim([both._replace(before=row(FAILED))])


def test_a_person_who_changed_since_the_look_is_looked_at_again(dynamo):
    after = aggregate("p1", version=2)
    dynamo.put_item(Item=aggregate_item(after, encode_aggregate(after)))
    with pytest.raises(Conflict):
        Ledger(dynamo, "t").claim([claim()])


def test_two_claims_of_one_person_do_not_both_count_from_the_same(dynamo):
    ledger = Ledger(dynamo, "t")
    ledger.claim([claim()])
    later = other("p1").next(key="f" * 20)
    for version in (0, 2):
        with pytest.raises(Conflict):
            ledger.claim([claim(later, counts=({}, version))])
    ledger.claim([claim(later, counts=({}, 1))])
    third = later.next(key="e" * 20)
    with pytest.raises(Conflict):
        ledger.claim([claim(third, counts=({}, 1))])


def test_an_address_that_was_suppressed_since_the_look_is_not_written_to(dynamo):
    Standings(dynamo, "t").suppress(ADA, "complaint", NOON)
    for purpose in ("marketing", "transactional"):
        with pytest.raises(Conflict):
            Ledger(dynamo, "t").claim([claim(purpose=purpose)])


@pytest.mark.parametrize("topic", ["news", ""])
@pytest.mark.parametrize(("at", "stands"), [(GIVEN - 1, True), (GIVEN, False), (GIVEN + 1, False)])
def test_a_withdrawal_since_the_look_is_obeyed(dynamo, topic, at, stands):
    Standings(dynamo, "t").withdraw(ADA, topic, at)
    ledger = Ledger(dynamo, "t")
    if stands:
        ledger.claim([claim()])
    else:
        with pytest.raises(Conflict):
            ledger.claim([claim()])
        ledger.claim([claim(purpose="transactional")])


def test_a_withdrawal_of_another_topic_stops_nobody(dynamo):
    Standings(dynamo, "t").withdraw(ADA, "offers", NOON)
    Ledger(dynamo, "t").claim([claim()])


def test_claims_stand_together_or_not_at_all(dynamo):
    ledger = Ledger(dynamo, "t")
    with pytest.raises(Conflict):
        ledger.claim([claim(), claim(other(), version=9)])
    assert ledger.get("p1", KEY) is None


def test_states_only_advance(dynamo):
    ledger = Ledger(dynamo, "t")
    ledger.claim([claim()])
    ledger.advance([row(DELIVERED)])
    ledger.advance([row(SENT), row(BOUNCED, attempt=2), row(SENT, profile="p9")])
    assert ledger.get("p1", KEY).state == DELIVERED
    ledger.advance([row(SENT), row(BOUNCED, reason="550"), row(DELIVERED)])
    assert (ledger.get("p1", KEY).state, ledger.get("p1", KEY).reason) == (BOUNCED, "550")
    assert ledger.get("p9", KEY) is None


def test_the_first_open_is_one(dynamo):
    ledger = Ledger(dynamo, "t")
    ledger.claim([claim()])
    assert [ledger.first(row(), "opened", NOON), ledger.first(row(), "opened", NOON + 1)] == [True, False]
    assert ledger.get("p1", KEY).opened == NOON
    assert not ledger.first(row(profile="p9"), "clicked", NOON)


def test_a_suppressed_domain_is_known_of_its_addresses(dynamo):
    standings = Standings(dynamo, "t")
    standings.suppress(Address("domain", "example.com"), "manual", NOON)
    standings.withdraw(ADA, "news", NOON)
    found = Ledger(dynamo, "t").standings([ADA, Address("sms", "+336")])
    assert found == {ADA: Standing("domain: manual", {"news": NOON}), Address("sms", "+336"): Standing()}
