"""Merges and unmerges where it is easy to be wrong: who hangs on whom, what no event names, what broke off half-way."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from socle.errors import NotFound, Rejected, Unavailable
from socle.identity.rules import STANDARD
from socle.profiles import unmerge
from socle.profiles.model import History
from socle.profiles.unmerge import STEP_BYTES, STEP_PAGES, Division, divide, steps
from tests.identity.test_unmerge import ANN, BOB, DEVICE, MAIL, NOW, PHONE, TABLET, Life
from tests.people import event


def only(world, identifier):
    """The aggregate of whoever has an identifier."""
    owner = world.profiles.owners([identifier])[identifier].profile
    aggregate = world.profiles.load([owner])[owner]
    return aggregate if aggregate.merged_into is None else world.profiles.load([aggregate.merged_into])[aggregate.merged_into]


def everything(life, root) -> History:
    """All that is stored of a profile."""
    history = History()
    while needs := history.wanted(root):
        history.aggregates |= life.world.profiles.load(needs.aggregates)
        history.pages |= life.world.profiles.load_pages(needs.pages)
    return history


def divided(life, root, member) -> Division:
    rows = {one: owner.profile for one, owner in life.world.profiles.owners(root.owned()).items()}
    division = divide(root, member, everything(life, root), STANDARD, rows)
    assert isinstance(division, Division)
    return division


def merged_by_an_event() -> Life:
    life = Life()
    life.world.deliver(event(1, ANN))
    life.world.deliver(event(2, DEVICE))
    life.world.deliver(event(3, ANN, DEVICE))
    return life


def member_of(life, identifier) -> str:
    return life.profiles.read(life.find(identifier))["merged"][0]


def test_the_event_that_made_them_one_names_only_its_own_person_afterwards():
    life = merged_by_an_event()
    life.graph.unmerge(life.find(ANN), member_of(life, ANN), NOW)
    assert life.profiles.read(life.find(ANN))["identifiers"] == {"user_id": ["ann"]}
    assert life.profiles.read(life.find(DEVICE))["identifiers"] == {"anonymous_id": ["d1"]}
    [linked] = [item for item in life.profiles.timeline(life.find(ANN), 10)["items"] if item["messageId"] == "m-3"]
    assert linked["unlinked"] == [["anonymous_id", "d1"]]


def test_each_of_two_says_that_it_is_not_the_other():
    life = merged_by_an_event()
    life.graph.unmerge(life.find(ANN), member_of(life, ANN), NOW)
    assert life.graph.read(life.find(ANN))["apart"] == [life.find(DEVICE)]
    assert life.graph.read(life.find(DEVICE))["apart"] == [life.find(ANN)]


def test_the_stream_is_told_of_both_and_of_a_merge_by_hand():
    life = merged_by_an_event()
    life.graph.unmerge(life.find(ANN), member_of(life, ANN), NOW)
    assert {tick.profile for tick in life.world.profiles.due(NOW, 10)} == {life.find(ANN), life.find(DEVICE)}
    life.world.deliver(event(5, BOB))
    survivor = life.merge(BOB, DEVICE)
    assert survivor in {tick.profile for tick in life.world.profiles.due(NOW, 10)}


def test_an_unmerge_that_broke_off_before_its_last_step_leaves_one_person_who_knows_all_events():
    life = Life()
    life.world.deliver(event(1, ANN))
    life.world.deliver(event(2, DEVICE))
    loser = life.loser(ANN, DEVICE)
    later = [event(number, (ANN, DEVICE)[number % 2]) for number in range(10, 20)]
    life.world.deliver(*later)
    real, calls = life.world.profiles.save_together, []

    def break_off(*given):
        calls.append(given)
        if len(calls) > 1:
            raise Unavailable("cut_off", "the function was stopped")
        real(*given)

    life.world.profiles.save_together = break_off
    with pytest.raises(Unavailable):
        life.graph.unmerge(life.find(ANN), loser, NOW)
    life.world.profiles.save_together = real
    assert life.find(ANN) == life.find(DEVICE)
    assert life.world.deliver(*later).applied == 0
    assert life.profiles.read(life.find(ANN))["event_count"] == 12
    life.graph.unmerge(life.find(ANN), loser, NOW)
    assert [life.profiles.read(life.find(one))["event_count"] for one in (ANN, DEVICE)] == [6, 6]


def test_an_identifier_that_no_event_names_goes_back_to_whom_it_was_claimed_for():
    life = Life()
    life.world.deliver(event(1, ANN))
    life.world.deliver(event(2, DEVICE))
    poison = event(3, DEVICE, TABLET, type="identify", name="$identify", traits=["no", "object"])
    assert life.world.deliver(poison).poisoned == 1
    loser = life.loser(ANN, DEVICE)
    assert TABLET in only(life.world, ANN).owned()
    life.graph.unmerge(life.find(ANN), loser, NOW)
    assert TABLET in only(life.world, DEVICE).owned()
    assert TABLET not in only(life.world, ANN).owned()


def test_who_was_merged_because_of_the_one_that_leaves_goes_along_and_who_was_merged_by_hand_stays():
    life = Life()
    for number, one in enumerate((ANN, DEVICE, TABLET, MAIL)):
        life.world.deliver(event(number, one))
    loser = life.loser(ANN, DEVICE)
    life.world.deliver(event(10, DEVICE, TABLET))
    life.merge(ANN, MAIL)
    assert len({life.find(one) for one in (ANN, DEVICE, TABLET, MAIL)}) == 1
    life.graph.unmerge(life.find(ANN), loser, NOW)
    assert life.find(TABLET) == life.find(DEVICE) != life.find(ANN) == life.find(MAIL)
    assert life.profiles.read(life.find(DEVICE))["event_count"] == 3
    life.world.deliver(event(20, TABLET), event(21, MAIL))
    assert life.profiles.read(life.find(DEVICE))["event_count"] == 4


def test_the_survivor_may_be_the_one_who_leaves():
    life = Life()
    life.world.deliver(event(1, DEVICE))
    life.world.deliver(event(2, TABLET))
    first = life.loser(DEVICE, TABLET)  # the tablet into the device
    life.world.deliver(event(3, ANN))
    life.world.deliver(event(4, ANN, TABLET))  # the device, with the tablet, into ann: because of the tablet
    root = life.find(ANN)
    assert set(life.graph.unmerge(root, first, NOW)) == {root, life.find(DEVICE)}
    assert life.find(ANN) == life.find(TABLET) != life.find(DEVICE)


def test_an_event_that_two_people_have_counts_once_when_they_are_one():
    life = Life()
    life.world.deliver(event(1, ANN))
    life.world.deliver(event(1, DEVICE))
    life.merge(ANN, DEVICE)
    assert life.profiles.read(life.find(ANN))["event_count"] == 1


def test_people_who_are_too_much_for_one_profile_stay_two():
    life = Life()
    for one in (ANN, PHONE):
        for start in range(0, 600, 50):
            life.world.deliver(*(event(number, one, (f"kind{number}", one[1])) for number in range(start, start + 50)))
    with pytest.raises(Rejected) as refused:
        life.merge(ANN, PHONE)
    assert (refused.value.code, refused.value.status) == ("too_much", 409)
    assert life.find(ANN) != life.find(PHONE)


@pytest.mark.parametrize("text", [0, 600])
def test_a_step_moves_no_more_than_a_transaction_takes(text):
    life = Life()
    life.world.deliver(event(1, ANN))
    life.world.deliver(event(2, DEVICE))
    loser = life.loser(ANN, DEVICE)
    for start in range(10, 900, 10):
        life.world.deliver(*(event(number, DEVICE, properties={"text": "x" * text}) for number in range(start, start + 10)))
    root = only(life.world, ANN)
    history, division = everything(life, root), divided(life, root, loser)
    taken = list(steps(division.moves, root, history))
    assert sorted(move.old.key for step in taken for move in step) == sorted(move.old.key for move in division.moves)
    for step in taken:
        assert len({root.page_of(move.old.key) for move in step}) <= STEP_PAGES
        assert len(step) == 1 or sum(len(move.new.row) for move in step) <= STEP_BYTES
    assert len(taken) > 1


def test_a_step_takes_from_few_pages_however_little_they_hold():
    life = Life()
    life.world.deliver(event(1, ANN))
    life.world.deliver(event(2, DEVICE))
    loser = life.loser(ANN, DEVICE)
    for start in range(10, 300, 10):
        life.world.deliver(*(event(number, DEVICE) for number in range(start, start + 10)))
    root = only(life.world, ANN)
    with patch.object(unmerge, "STEP_PAGES", 2):
        taken = list(steps(divided(life, root, loser).moves, root, everything(life, root)))
    assert len(taken) > 1
    assert all(len({root.page_of(move.old.key) for move in step}) <= 2 for step in taken)


def test_who_was_merged_by_hand_stays_though_an_event_names_them_with_the_one_that_leaves():
    life = Life()
    for number, one in enumerate((ANN, DEVICE, MAIL)):
        life.world.deliver(event(number, one))
    loser = life.loser(ANN, DEVICE)
    life.merge(ANN, MAIL)
    life.world.deliver(event(10, MAIL, DEVICE))
    life.graph.unmerge(life.find(ANN), loser, NOW)
    assert life.find(MAIL) == life.find(ANN) != life.find(DEVICE)


def test_who_was_merged_by_an_event_that_was_refused_stays_where_they_were():
    life = Life()
    for number, one in enumerate((ANN, DEVICE, TABLET)):
        life.world.deliver(event(number, one))
    poison = event(10, ANN, TABLET, type="identify", name="$identify", traits=["no", "object"])
    assert life.world.deliver(poison).poisoned == 1
    assert life.find(TABLET) == life.find(ANN)
    loser = life.loser(ANN, DEVICE)
    life.graph.unmerge(life.find(ANN), loser, NOW)
    assert life.find(TABLET) == life.find(ANN) != life.find(DEVICE)


def test_who_is_erased_while_they_are_told_apart_gets_no_row_back():
    life = Life()
    life.world.deliver(event(1, ANN))
    life.world.deliver(event(2, DEVICE))
    loser = life.loser(ANN, DEVICE)
    life.world.deliver(event(3, DEVICE, TABLET))  # the tablet's row names the survivor
    profile, real = life.find(ANN), life.world.profiles.owners

    def erased_after_reading(identifiers, fresh=True):
        found = real(identifiers, fresh)
        life.world.profiles.owners = real
        life.profiles.erase(profile, NOW)
        return found

    life.world.profiles.owners = erased_after_reading
    with pytest.raises(NotFound):
        life.graph.unmerge(profile, loser, NOW)
    assert [key for key in life.world.profiles.items if key[0] == "I"] == []


def test_what_was_claimed_for_the_survivor_who_leaves_goes_along_though_no_event_names_it():
    life = Life()
    life.world.deliver(event(1, DEVICE))
    poison = event(2, DEVICE, PHONE, type="identify", name="$identify", traits=["no", "object"])
    assert life.world.deliver(poison).poisoned == 1
    life.world.deliver(event(3, TABLET))
    tablet = life.loser(DEVICE, TABLET)
    life.world.deliver(event(4, ANN))
    life.world.deliver(event(5, ANN, TABLET))
    life.graph.unmerge(life.find(ANN), tablet, NOW)
    assert life.find(DEVICE) != life.find(ANN) == life.find(TABLET)
    assert PHONE in only(life.world, DEVICE).owned()
    assert PHONE not in only(life.world, ANN).owned()
