"""An in-memory stand-in of AccountStore, beside the profiles of a MemoryProfiles: call for call what the real one asks of AWS."""

from __future__ import annotations

from collections.abc import Iterable

from socle.accounts.model import Account, MemberPage, Pushed
from socle.errors import Conflict
from tests.memory import MemoryProfiles


class MemoryAccounts:
    """AccountStore in the dictionary of the profiles, so that an erasure meets the rows that name a person."""

    def __init__(self, profiles: MemoryProfiles | None = None) -> None:
        self._profiles = profiles or MemoryProfiles()

    def load(self, groups: Iterable[str]) -> dict[str, Account]:
        wanted = list(groups)
        found = self._profiles._get([("G#" + group, "G") for group in wanted])
        return {group: found[("G#" + group, "G")][0] if ("G#" + group, "G") in found else Account(group) for group in wanted}

    def load_with_member(self, group: str, profile: str) -> tuple[Account, bool]:
        keys = [("G#" + group, "G"), ("G#" + group, "P#" + profile)]
        found = self._profiles._get(keys)
        return found[keys[0]][0] if keys[0] in found else Account(group), keys[1] in found

    def members_of(self, group: str, profiles: Iterable[str]) -> set[str]:
        return {row[2:] for _, row in self._profiles._get([("G#" + group, "P#" + profile) for profile in profiles])}

    def save(self, account: Account) -> None:
        key = ("G#" + account.id, "G")

        def write(_: object) -> None:
            stored = self._profiles.items.get(key)
            if (stored[0].version if stored else 0) != account.version - 1:
                raise Conflict("conflict", "version")
            self._profiles._write({key: (account,)})

        self._profiles.calls.make("PutItem", [account.id], write)

    def enlist(self, group: str) -> None:
        self._put(("GA", group))

    def add_member(self, group: str, profile: str) -> None:
        self._put((profile, "G#" + group))
        self._put(("G#" + group, "P#" + profile))

    def pushed(self, group: str) -> Pushed:
        return self._profiles._get([("G#" + group, "F")]).get(("G#" + group, "F"), (Pushed(),))[0]

    def save_pushed(self, group: str, pushed: Pushed) -> None:
        key = ("G#" + group, "F")

        def write(_: object) -> None:
            if self.pushed_now(key).version != pushed.version - 1:
                raise Conflict("conflict", "version")
            self._profiles._write({key: (pushed,)})

        self._profiles.calls.make("PutItem", [key], write)

    def pushed_now(self, key: tuple[str, str]) -> Pushed:
        return self._profiles.items.get(key, (Pushed(),))[0]

    def members(self, group: str, limit: int, after: str = "", fresh: bool = False) -> MemberPage:
        found, _ = self._profiles.calls.make("Query", [group], lambda _: sorted(
            row[2:] for part, row in self._profiles.items
            if part == "G#" + group and row.startswith("P#") and row > "P#" + after))
        return MemberPage(found[:limit], len(found) > limit)

    def listed(self, limit: int, after: str = "") -> list[str]:
        found, _ = self._profiles.calls.make("Query", [after], lambda _: sorted(
            group for part, group in self._profiles.items if part == "GA" and group > after))
        return found[:limit]

    def delete_members(self, group: str, profiles: list[str]) -> None:
        self._delete([("G#" + group, "P#" + profile) for profile in profiles])
        self._delete([(profile, "G#" + group) for profile in profiles])

    def delist(self, group: str) -> None:
        self._delete([("GA", group)])

    def _put(self, key: tuple[str, str]) -> None:
        self._profiles.calls.make("PutItem", [key], lambda _: self._profiles._write({key: ()}))

    def _delete(self, keys: list[tuple[str, str]]) -> None:
        for start in range(0, len(keys), 25):
            self._profiles._batches("BatchWriteItem", keys[start:start + 25],
                                    lambda some: self._profiles._write(dict.fromkeys(some)))
