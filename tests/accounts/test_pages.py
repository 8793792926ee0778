"""Pages of accounts and of their people end before an answer becomes larger than a function may give."""

from __future__ import annotations

import pytest

from socle.accounts import service
from socle.accounts.service import Accounts, AccountWriter
from tests.accounts.memory import MemoryAccounts
from tests.memory import MemoryProfiles
from tests.people import T0, identify
from tests.world import World


def pages(read):
    """All pages, from the first to the last."""
    found = [read(None)]
    while found[-1]["next"] is not None:
        found.append(read(found[-1]["next"]))
    return found


@pytest.mark.parametrize("at_a_time", [2, 50])
def test_a_page_of_large_accounts_is_short_and_the_next_goes_on(monkeypatch, at_a_time):
    monkeypatch.setattr(service, "PAGE_CHARACTERS", 3_000)
    monkeypatch.setattr(service, "_AT_A_TIME", at_a_time)
    profiles = MemoryProfiles()
    store = MemoryAccounts(profiles)
    names = [f"a{number}" for number in range(10)]
    for name in names:
        AccountWriter(store).put(name, {"text": "x" * 900}, T0, "api", T0)
    store._put(("GA", "a5x"))  # on the list before it is stored
    found = pages(lambda cursor: Accounts(store, profiles).page(8, cursor))
    assert [item["id"] for page in found for item in page["items"]] == names
    assert max(len(page["items"]) for page in found) <= 3


def test_a_page_of_people_with_large_traits_is_short_and_the_next_goes_on(monkeypatch):
    monkeypatch.setattr(service, "PAGE_CHARACTERS", 3_000)
    monkeypatch.setattr(service, "_AT_A_TIME", 2)
    world = World()
    store = MemoryAccounts(world.profiles)
    for number in range(9):
        world.deliver(identify(number, ("user_id", f"u{number}"), traits={"text": "x" * 900}, context={"groupId": "acme"}))
    AccountWriter(store).put("acme", {}, T0, "api", T0)
    for profile in sorted({key for key, row in world.profiles.items if row == "A"}):
        store.add_member("acme", profile)
    found = pages(lambda cursor: Accounts(store, world.profiles).members("acme", 8, cursor))
    assert sorted(user for page in found for item in page["items"] for user in item["identifiers"]["user_id"]) == [
        f"u{number}" for number in range(9)]
    assert max(len(page["items"]) for page in found) <= 4
