"""What becomes of group calls: exactly once, in any order, broken off anywhere, through merges and erasures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.accounts import service
from socle.accounts.rollup import ACTIVE
from socle.effects.model import ACCOUNT, MEMBERS
from socle.errors import NotFound, SocleError
from socle.events.stream import encode_ticks
from socle.identity.service.graph import IdentityGraph
from socle.profiles.decide import decide
from socle.profiles.fold import MAX_ACCOUNTS
from socle.profiles.model import Aggregate, History
from socle.profiles.service import Profiles
from tests.accounts.groups import ADA, BOB, DEVICE, Firm, group
from tests.accounts.memory import MemoryAccounts
from tests.examples import examples
from tests.faults.calls import Crash, FaultyCalls, kinds
from tests.memory import Calls, MemoryProfiles
from tests.people import T0, cut, event, order

_calls = st.builds(
    lambda number, who, to, traits: group(number, who, to=to, **traits), st.integers(0, 5), st.sampled_from([ADA, BOB, DEVICE]),
    st.sampled_from(["acme", "other"]), st.dictionaries(st.sampled_from("ab"), st.integers(0, 2), max_size=2))
_named = st.builds(lambda number, who, to: event(number, who, context={"groupId": to}), st.integers(6, 9),
                   st.sampled_from([ADA, BOB, DEVICE]), st.sampled_from(["acme", "other"]))
_histories = st.lists(_calls | _named, min_size=1, max_size=8, unique_by=lambda one: (one.ids, one.key))


@examples(60)
@given(st.data())
def test_however_calls_and_effects_arrive_the_accounts_are_the_same(data):
    events = data.draw(_histories)
    plain, other = Firm(), Firm()
    for one in events:
        plain.after(one)
    for batch in cut(data.draw, [*events, *data.draw(st.lists(st.sampled_from(events), max_size=4))]):
        other.world.deliver(*batch)
    sent = other.world.queue.sent
    other.run(data.draw(st.permutations([*sent, *data.draw(st.lists(st.sampled_from(sent), max_size=4))])))
    groups = sorted({one.body.get("groupId") or one.body["context"]["groupId"] for one in events})
    assert other.store.listed(10) == plain.store.listed(10) == groups
    for name in groups:
        assert other.shown(name) == plain.shown(name)


@examples(60)
@given(_histories)
def test_what_people_add_up_to_is_what_their_events_add_up_to(events):
    firm = Firm()
    for number, one in enumerate(events):
        firm.after(one, order(100 + number, *one.ids, order_id=str(number), revenue=number, currency="EUR"))
    members = {one.ids for one in events if "acme" in (one.body.get("groupId"), one.body.get("context", {}).get("groupId"))}
    if not members:
        with pytest.raises(NotFound):
            firm.accounts.read("acme", T0)
        return
    theirs = [(number, one) for number, one in enumerate(events) if one.ids in members]
    shown = firm.accounts.read("acme", T0)
    assert (shown["people"], shown["events"]) == (len(members), 2 * len(theirs))
    assert shown["orders"]["EUR"] == {"count": len(theirs), "revenue": sum(number * 100 for number, _ in theirs),
                                      "refunds": 0, "refunded": 0}


def test_only_the_first_event_that_names_an_account_asks_for_it_but_every_group_call():
    firm = Firm()
    firm.world.deliver(*(event(number, ADA, context={"groupId": "acme"}) for number in range(5)))
    firm.world.deliver(event(7, ADA, context={"groupId": "acme"}), group(8, ADA), group(9, ADA))
    assert [(effect.kind, effect.name) for effect in firm.world.queue.sent] == [(ACCOUNT, "acme")] * 3


def test_events_of_one_key_are_effects_of_their_own_for_all_who_sent_them():
    firm = Firm().after(group(1, ADA), group(1, BOB))
    assert firm.accounts.read("acme", T0)["people"] == 2
    assert len({effect.id for effect in firm.world.queue.sent}) == 2


def faults():
    """Every way in which every call of an effect, and of the deletion of an account, can go wrong."""
    for step in ("take", "take again", "delete"):
        calls = FaultyCalls()
        attempt(Firm(calls), calls, step)
        for number, (name, parts, fresh) in enumerate(calls.log):
            yield from (pytest.param(step, number, kind, id=f"{step}, {number} {name}, {kind}")
                        for kind in kinds(name, parts, fresh))


def attempt(firm, calls, step, faults=()):
    """A firm with a history, in which one more thing is done; only the calls of that are counted, and broken."""
    firm.world.deliver(group(1, ADA, name="Acme"), group(2, BOB, plan="gold"))
    sent = firm.world.queue.sent
    if step != "take":
        firm.run(sent if step == "delete" else sent[:1])
    calls.log, calls.faults = [], dict(faults)
    for _ in range(20):
        try:
            if step != "delete":
                firm.run(sent)
            elif _ == 0 or calls.fired:
                firm.writer.delete("acme", T0 + 100_000)
            break
        except NotFound:
            break
        except (Crash, SocleError):
            continue
    calls.arrive()
    calls.faults = {}


@pytest.mark.parametrize(("step", "number", "kind"), list(faults()))
def test_an_effect_or_a_deletion_that_breaks_off_anywhere_is_as_if_it_had_not(step, number, kind):
    sound, calls = Firm(), FaultyCalls()
    attempt(sound, FaultyCalls(), step)
    firm = Firm(calls)
    attempt(firm, calls, step, {number: kind})
    assert calls.fired
    if step == "delete":
        with pytest.raises(NotFound):
            firm.accounts.read("acme", T0)
        assert firm.store.listed(10) == []
        assert firm.store.members("acme", 10).profiles == []
    else:
        assert firm.shown() == sound.shown()
        assert firm.store.listed(10) == ["acme"]


def test_two_effects_at_once_both_count():
    class Between(MemoryAccounts):
        """Another effect is done between this one's read and its write."""

        def save(self, account):
            if rival:
                writer.take(*rival.pop())
            super().save(account)

    firm, store = Firm(), Between(MemoryProfiles())
    writer = service.AccountWriter(store)
    rival = [("acme", "p2", group(2, BOB, plan="gold"))]
    assert writer.take("acme", "p1", group(1, ADA, name="Acme"))
    account = store.load(["acme"])["acme"]
    assert set(account.traits) == {"name", "plan"}
    assert store.members("acme", 10).profiles == ["p1", "p2"]
    assert firm.store.listed(10) == []


def test_people_who_turn_out_to_be_one_count_once_and_are_listed_once():
    firm = Firm().after(group(1, ADA), group(2, DEVICE))
    assert firm.accounts.read("acme", T0)["people"] == 2
    firm.after(event(3, ADA, DEVICE))
    assert firm.accounts.read("acme", T0)["people"] == 1
    pages, cursor = [], None
    while True:
        page = firm.accounts.members("acme", 1, cursor)
        pages += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [page["identifiers"]["user_id"] for page in pages] == [["ada"]]
    assert [item["messageId"] for item in firm.accounts.timeline("acme", 10)["items"]] == ["m-3", "m-2", "m-1"]


def test_who_is_erased_leaves_no_row_behind_even_if_an_effect_was_under_way():
    firm = Firm().after(group(1, ADA), group(2, DEVICE), event(3, ADA, DEVICE), group(4, BOB))
    profiles = Profiles(firm.world.profiles)  # type: ignore[arg-type]
    ada = profiles.find(*ADA)
    profiles.erase(ada, T0 + 10_000)
    assert [item["identifiers"]["user_id"] for item in firm.accounts.members("acme", 10)["items"]] == [["bob"]]
    rows = lambda: [key for key in firm.world.profiles.items if key[1].startswith(("P#", "G#"))]  # noqa: E731
    assert len(rows()) == 2
    firm.store.add_member("acme", ada)  # an effect that had looked before the erasure
    assert firm.accounts.read("acme", T0)["people"] == 1
    (tick,) = [tick for tick in firm.world.profiles.due(T0 + 10**9, 10) if tick.profile == ada]
    firm.world.consumer.apply([firm.world.record(encode_ticks([tick]))])
    assert len(rows()) == 2
    assert firm.run()[0] is False


def test_the_accounts_of_a_person_are_the_latest_named_in_any_order():
    events = [group(number, ADA, to=f"g{number:03}") for number in range(MAX_ACCOUNTS + 5)]
    for order_ in (events, events[::-1]):
        firm = Firm().after(*order_)
        profile = Profiles(firm.world.profiles)  # type: ignore[arg-type]
        assert profile.read(profile.find(*ADA))["accounts"] == [f"g{number:03}" for number in range(5, MAX_ACCOUNTS + 5)]
        assert firm.accounts.read("g000", T0)["people"] == 0


def test_a_correction_wins_over_what_it_corrects_in_any_order():
    events = [group(1, ADA, plan="free"), group(1, ADA, revision=1, plan="gold")]
    for order_ in (events, events[::-1]):
        assert Firm().after(*order_).accounts.read("acme", T0)["traits"] == {"plan": "gold"}
        firm = Firm()
        for one in order_:
            firm.after(one)
        assert firm.accounts.read("acme", T0)["traits"] == {"plan": "gold"}


def test_active_are_those_seen_within_thirty_days():
    firm = Firm().after(group(0, ADA), group(10, BOB))
    counts = [firm.accounts.read("acme", T0 + ACTIVE + second * 1_000)["active_30d"] for second in (0, 1, 10, 11)]
    assert counts == [2, 1, 1, 0]


def test_more_members_than_one_answer_looks_at_are_said_to_be_missing(monkeypatch):
    firm = Firm().after(*(group(number, ("user_id", f"u{number}")) for number in range(1, 6)))
    monkeypatch.setattr(service, "MAX_MEMBERS", 3)
    shown = firm.accounts.read("acme", T0)
    assert (shown["people"], shown["partial"], firm.accounts.timeline("acme", 2)["partial"]) == (3, True, True)
    monkeypatch.undo()
    shown = firm.accounts.read("acme", T0)
    assert (shown["people"], shown["partial"], firm.accounts.timeline("acme", 2)["partial"]) == (5, False, False)


def test_a_page_for_which_not_all_histories_may_be_read_is_short_and_complete(monkeypatch):
    firm = Firm()
    for number in range(1, 9):
        firm.after(group(number, ("user_id", f"u{number}")))
    monkeypatch.setattr(service, "MAX_HISTORIES", 3)
    page = firm.accounts.timeline("acme", 2)
    assert ([item["messageId"] for item in page["items"]], page["partial"]) == (["m-8", "m-7"], False)
    short = firm.accounts.timeline("acme", 5)
    assert ([item["messageId"] for item in short["items"]], short["partial"]) == (["m-8", "m-7", "m-6"], False)
    for _ in range(3):
        page = firm.accounts.timeline("acme", 2, page["next"])
    assert ([item["messageId"] for item in page["items"]], page["partial"]) == (["m-2", "m-1"], False)


def test_calls_that_go_well_are_those_that_are_needed():
    calls = FaultyCalls()
    firm = Firm(calls)
    firm.world.deliver(group(1, ADA, name="Acme"), group(2, ADA))
    for effect, expected in zip(firm.world.queue.sent, (4, 1), strict=True):
        calls.log = []
        firm.run([effect])
        assert [name for name, _, _ in calls.log].count("PutItem") == expected
    assert isinstance(calls, Calls)


def test_an_unmerge_gives_each_person_back_their_own_accounts():
    firm = Firm().after(group(1, ADA, to="acme"), group(2, DEVICE, to="other"))
    profiles = Profiles(firm.world.profiles)  # type: ignore[arg-type]
    ada, device = profiles.find(*ADA), profiles.find(*DEVICE)
    firm.after(event(3, ADA, DEVICE))
    firm.after(group(4, DEVICE, to="third"))  # stored with Ada's events while they are one
    for name in ("acme", "other", "third"):
        assert [item["identifiers"].get("user_id") for item in firm.accounts.members(name, 10)["items"]] == [["ada"]]
    IdentityGraph(firm.world.profiles).unmerge(profiles.find(*ADA), device, T0 + 60_000)  # type: ignore[arg-type]
    firm.after(event(5, ADA), event(6, DEVICE))  # their outboxes are drained
    mine, theirs = profiles.read(profiles.find(*ADA)), profiles.read(profiles.find(*DEVICE))
    assert mine["id"] != theirs["id"]
    for name in ("acme", "other", "third"):
        members = [item["id"] for item in firm.accounts.members(name, 10)["items"]]
        assert members == [one["id"] for one in (mine, theirs) if name in one["accounts"]], name
    assert ada in (mine["id"], theirs["id"])
    assert (mine["accounts"], theirs["accounts"]) == (["acme"], ["other", "third"])
    moved = {effect.profile: effect for effect in firm.world.queue.sent if effect.name == "third"}
    assert {profile: firm.run([effect]) for profile, effect in moved.items()} == {ada: [False], device: [True]}


def test_an_effect_after_a_deletion_makes_no_member():
    firm = Firm().after(group(1, ADA))
    firm.writer.delete("acme", T0 + 60_000)
    assert firm.run() == [False]
    assert firm.store.members("acme", 10).profiles == []


def test_an_account_that_comes_back_is_on_the_list_again():
    firm = Firm().after(group(1, ADA))
    firm.writer.delete("acme", T0 + 2_000)
    assert firm.store.listed(10) == []
    firm.after(group(3, ADA))
    assert [account["id"] for account in firm.accounts.page(10)["items"]] == ["acme"]


def test_a_timeline_shows_somebody_seen_earlier_among_the_newest():
    firm = Firm().after(group(9, ADA), group(8, BOB), event(1, ADA), event(2, ADA))
    assert [item["messageId"] for item in firm.accounts.timeline("acme", 2)["items"]] == ["m-9", "m-8"]


def test_who_applies_again_what_was_applied_asks_for_nothing():
    for webhooks, asked in ((None, []), ({}, [(ACCOUNT, "acme"), (ACCOUNT, "other"), (MEMBERS, "acme")])):
        person = Aggregate("p")
        for one in (group(1, ADA), group(1, ADA, to="other", revision=1)):
            person = decide(person, [one], webhooks, History()).aggregate
        assert [(effect.kind, effect.name) for effect in person.outbox] == asked


def test_a_page_for_which_too_many_histories_must_be_read_says_that_it_is_partial(monkeypatch):
    people = [("user_id", f"u{number}") for number in range(6)]
    firm = Firm().after(*(group(number, who) for number, who in enumerate(people)),
                        *(event(100 + number, who, ts=T0 + 100_000) for number, who in enumerate(people)))
    monkeypatch.setattr(service, "MAX_HISTORIES", 3)
    page = firm.accounts.timeline("acme", 4)
    assert (len(page["items"]), page["partial"], page["next"] is not None) == (4, True, True)
    monkeypatch.undo()
    assert not firm.accounts.timeline("acme", 4)["partial"]
