"""What AWS counts for one person of a run, computed by hand from the items of the claim."""

from __future__ import annotations

from dataclasses import replace

from socle.costs.units import item_bytes
from socle.messages.model import CLAIMED, Address, Message
from socle.messages.units import Units, looked, paid, sent
from socle.profiles.codec import encode_aggregate
from socle.profiles.items import aggregate_item
from socle.profiles.model import Evidence, Member, Register
from tests.messages.people import ADA, ASK, NOON, person

ONE = Message("p1", ASK.key, 1, CLAIMED, NOON, ("user_id", "p1"), "email", ADA.digest, "example.com", "news", "letter", "r1")
COUNTS = {"2026-06-01": {"email": 1}}


def of(size: int):
    """Somebody whose aggregate takes about `size` bytes."""
    one, length = person(), 0
    while item_bytes(aggregate_item(one.root, encode_aggregate(one.root))) < size:
        length += 50
        traits = {f"t{number}": Register(number, number, f"{number * 7_919:x}") for number in range(length)}
        one = replace(one, root=replace(one.root, snapshot=replace(one.root.snapshot, traits=traits)))
    return one


def test_everybody_is_looked_at_by_three_items_and_their_address_by_one_more() -> None:
    assert looked(person(), None, set()) == Units(3)
    assert looked(person(), Address("sms", "+33612345678"), set()) == Units(4)


def test_a_domain_is_asked_for_once_in_a_batch() -> None:
    domains: set[str] = set()
    assert looked(person(), ADA, domains).reads == 5
    assert looked(person(), Address("email", "bob@example.com"), domains).reads == 4
    assert looked(person(), Address("email", "bob@example.org"), domains).reads == 5


def test_a_person_of_several_partitions_is_looked_at_in_each() -> None:
    one = person()
    why = Evidence("email", NOON, None, "", "")
    one.root.members.update({name: Member("p1", "", 1, why) for name in ("p2", "p3")})
    assert looked(one, None, set()).reads == 9
    assert sent(one, ADA, ONE, COUNTS, 0).writes == sent(person(), ADA, ONE, COUNTS, 0).writes + 4


def test_a_large_aggregate_takes_more_to_read_and_to_look_at_in_a_claim() -> None:
    large = of(4_097)
    assert looked(large, None, set()).reads == 4
    size = item_bytes(aggregate_item(large.root, encode_aggregate(large.root)))
    assert sent(large, ADA, ONE, COUNTS, 0).writes == sent(person(), ADA, ONE, COUNTS, 0).writes + 2 * (-(-size // 1_024) - 1)
    assert sent(large, ADA, ONE, COUNTS, 0).size == size


def test_what_is_only_looked_at_in_a_claim_is_paid_for() -> None:
    # Row, address, counts: twice each, as the conditions on aggregate and standing are; the mark once.
    assert sent(person(), ADA, ONE, COUNTS, 0) == Units(0, 11, 1, 0, sent(person(), ADA, ONE, COUNTS, 0).size)
    assert sent(person(), ADA, ONE, None, 0).writes == 9


def test_a_text_costs_what_its_country_takes_for_each_part() -> None:
    assert paid(Address("sms", "+15551234567"), 2) == Units(micro_usd=12_900)
    assert paid(Address("sms", "+33612345678"), 1) == Units(micro_usd=75_000)
    assert paid(ADA, 0) is None
    assert Units(1, 2, 3, 4, 5).plus(Units(1, 1, 1, 1, 1)) == Units(2, 3, 4, 5, 6)
