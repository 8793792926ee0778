"""What must hold of a chunk after everything that went wrong: nobody twice, nobody who may not, nobody forgotten."""

from __future__ import annotations

from typing import Any

from socle.messages.events import sent_event
from socle.messages.items import message_of, standing_of
from socle.messages.model import CLAIMED, FAILED, Message
from tests.messages.trial import MERGED, ORDINARY, PEOPLE, World


class Broken(AssertionError):
    """A promise that was not kept."""


def check(holds: bool, *what: Any) -> None:
    if not holds:
        raise Broken(" ".join(map(str, what)))


def inspect(world: World) -> None:
    """Raises Broken."""
    claims = {(row.profile, row.attempt): (number, row) for number, row in _claims(world)}
    nobody_twice(world, claims)
    nobody_who_may_not(world, claims)
    nobody_comes_back(world)
    all_accounted_for(world)


def nobody_twice(world: World, claims: Any) -> None:
    sent = [message for _, message, _ in world.delivered]
    check(len({one.profile for one in sent}) == len(sent), "delivered twice:", sorted(one.tag for one in sent))
    addresses = [address for _, _, address in world.delivered]
    check(len(set(addresses)) == len(addresses), "one address twice:", addresses)
    both = [claims[one.profile, one.attempt][0] for one in sent if one.profile in MERGED]
    if len(both) == 2 and world.merges:
        check(max(both) < world.merges[0], "both of two who were one person by then")


def nobody_who_may_not(world: World, claims: Any) -> None:
    for _, message, address in world.delivered:
        check((message.profile, message.attempt) in claims, "delivered without a claim:", message.tag)
        number, _ = claims[message.profile, message.attempt]
        row = _as_of(world, number, ("C#email#" + address.digest, "C"))
        if row is not None:
            standing = standing_of(row)
            check(not standing.suppressed and not standing.withdrawn, "claimed although nothing may be sent:", message.tag)
        root = _as_of(world, number, (f"P#{message.profile}", "A"))
        check(root is not None and "x" not in root, "claimed for somebody who was erased")


def nobody_comes_back(world: World) -> None:
    """Of an erased person events are dropped that were received by then: a later one would make them anew."""
    for profile in PEOPLE:
        erased = world.dynamo.items[f"P#{profile}", "A"].get("x")
        late = [event.message_id for event in world.events if event.message_id.startswith(f"{profile}-")
                and erased is not None and event.received > int(erased["N"])]
        check(not late, "said of somebody who was erased:", late)


def all_accounted_for(world: World) -> None:
    outcomes, delivered = world.outcomes(), {message.profile: message for _, message, _ in world.delivered}
    rows = {profile: message_of(item) for (key, sort), item in world.dynamo.items.items() if sort.startswith("M#")
            for profile in (key[2:],)}
    check(outcomes.keys() == set(PEOPLE), "people without an outcome:", set(PEOPLE) - outcomes.keys())
    told = {event.message_id for event in world.events}
    for profile, outcome in outcomes.items():
        row = rows.get(profile)
        if outcome.outcome == "sent":
            check(row is not None and profile in delivered, "said to be sent, and was not:", profile)
            check(sent_event(row, 0).message_id in told, "nobody was told of what was sent to", profile)
        if outcome.outcome == "failed":
            check(row is not None and row.state == FAILED and profile not in delivered, "failed, and yet:", profile, row)
        if outcome.outcome == "unknown":
            check(row is not None and row.state == CLAIMED, "unknown, and yet:", profile, row)
    for profile, message in delivered.items():
        check(rows[profile].attempt == message.attempt and rows[profile].state != FAILED, "the ledger forgot:", message.tag)
    for profile in ORDINARY:
        check(outcomes[profile].outcome in ("sent", "unknown", "failed"), "skipped without a reason:", outcomes[profile])
        check(outcomes[profile].outcome == "sent" or bool(world.calls.fired), "not sent, and nothing went wrong:", profile)


def _claims(world: World) -> list[tuple[int, Message]]:
    return [(number, message_of(after)) for number, (_, sort), before, after in world.dynamo.log
            if sort.startswith("M#") and after is not None and after["r"] == {"N": "0"}
            and (before is None or before["n"] != after["n"])]


def _as_of(world: World, number: int, key: tuple[str, str]) -> Any:
    """What an item was just before the write of that number."""
    return next((before for later, one, before, _ in world.dynamo.log if later >= number and one == key),
                world.dynamo.items.get(key))

