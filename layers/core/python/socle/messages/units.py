"""What AWS will count for one person of a run, as far as it depends on the person: for forecasts. Pure.

What does not depend on anybody (a batch's look at the run, a chunk's files) is added by socle.campaigns.calls.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from socle.channels.sms import price
from socle.costs.units import item_bytes, kinesis_kib, read_units, transaction_units, write_units
from socle.events.group import records
from socle.messages.caps import Counts
from socle.messages.events import sent_event
from socle.messages.gate import Person
from socle.messages.items import Item, address_item, counts_item, message_item
from socle.messages.model import SMS, Address, Message
from socle.profiles.codec import encode_aggregate
from socle.profiles.items import aggregate_item

_KEYS = 3
"""Items of each partition of a person that are looked at: aggregate, row of the ledger, counts."""


class Units(NamedTuple):
    """reads, writes: units of DynamoDB; kib: of the stream; micro_usd: what the text's parts cost; size: bytes of the person's
    aggregate, by which the events that follow cost."""

    reads: int = 0
    writes: int = 0
    kib: int = 0
    micro_usd: int = 0
    size: int = 0

    def plus(self, other: Iterable[int]) -> Units:
        """Both together."""
        return Units(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def looked(person: Person, address: Address | None, domains: set[str]) -> Units:
    """To see whether somebody may get a message. `domains` are those that the batch has asked for, this one's is added."""
    item = _aggregate(person)
    reads = int(read_units(item, consistent=True)) + (_KEYS - 1) + _KEYS * len(person.root.members)
    if address is not None:
        reads += 1
        domain = address.value.rpartition("@")[2] if address.channel == "email" else ""
        if domain and domain not in domains:
            domains.add(domain)
            reads += 1
    return Units(reads)


def sent(person: Person, address: Address, message: Message, counts: Counts | None, parts: int) -> Units:
    """To claim a message, to hand it over, to mark it, and to say so to the stream. `counts`: what the person's become, None for
    a message that is not counted; `parts`: of an SMS."""
    row, aggregate = message_item(message), _aggregate(person)
    writes = transaction_units(None, row) + transaction_units(None, address_item(message))
    if counts is not None:
        writes += transaction_units(None, counts_item(message.profile, counts, person.own + 1))
    # Conditions on what is not written: the aggregate, the address, the other partitions' rows.
    writes += transaction_units(aggregate, aggregate) + transaction_units(None, None) * (1 + len(person.root.members))
    writes += write_units(row, row)
    [record] = records([sent_event(message, message.at)], [], 0)
    cost = paid(address, parts)
    return Units(0, writes, kinesis_kib(record.key, record.data), cost.micro_usd if cost else 0, item_bytes(aggregate))


def paid(address: Address, parts: int) -> Units | None:
    """What is known of a message that was sent: the price of a text depends on where it goes. None for all others."""
    return Units(micro_usd=price(address.value, parts)) if address.channel == SMS else None


def _aggregate(person: Person) -> Item:
    return aggregate_item(person.root, encode_aggregate(person.root))
