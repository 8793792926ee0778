"""A search for near-duplicates, step by step: plan, extract people, (compare them,) propose candidates, finish.

Every step can be done again: candidates are written on their revision, and who was merged or has changed is left alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

from socle.duplicates.cluster import cluster
from socle.duplicates.levels import SINGLE
from socle.duplicates.model import ACCEPTED, MAX_MERGES, OPEN, Candidate, DuplicateRules, Pair, pair_id
from socle.duplicates.people import comparable, person_of, users_of
from socle.duplicates.store import CandidateStore, RunStore, pair_of
from socle.errors import Conflict, Rejected
from socle.identity.model import NEAR_DUPLICATE, Evidence
from socle.identity.service.graph import IdentityGraph
from socle.identity.service.join import load_roots
from socle.iso import to_iso
from socle.profiles.model import Aggregate
from socle.profiles.store import ProfileStore

PARTS = 8
"""Parts in which profiles are read at the same time."""
_AT_A_TIME = 1_000
"""Profiles of which a step holds more than a few values."""


class Search:
    """The steps. Raises Unavailable in an outage; a step that failed is done again."""

    def __init__(self, profiles: ProfileStore, candidates: CandidateStore, runs: RunStore, graph: IdentityGraph,
                 rules: Callable[[], DuplicateRules]) -> None:
        self._profiles = profiles
        self._candidates = candidates
        self._runs = runs
        self._graph = graph
        self._rules = rules

    def plan(self, run: str, by_hand: bool, now: int) -> dict[str, Any]:
        """`{"parts"}`: none when the schedule asks and the rules say that it shall not."""
        rules = self._rules()
        parts = list(range(PARTS)) if rules.enabled or by_hand else []
        self._runs.save(run, "plan", {"rules": rules.model_dump(mode="json"), "parts": parts, "started": now})
        return {"parts": parts}

    def extract(self, run: str, part: int) -> int:
        """Keep the people of one part as they are compared; answers how many."""
        countries = self._of(run).countries
        wanted = None if countries is None else {country.casefold() for country in countries}
        people = (person_of(aggregate) for aggregate in self._profiles.scan(part, PARTS))
        return self._runs.save_people(run, part, (
            person for person in people if comparable(person) and (wanted is None or person.country in wanted)))

    def propose(self, run: str, chunk: int, now: int) -> None:
        """Put one chunk of pairs into the queue, but for those that somebody has decided on, now or ever."""
        pairs = self._pairs(run, chunk)
        profiles = self._profiles.load({name for pair in pairs for name in (pair.left, pair.right)})
        known = self._candidates.load(pair.id for pair in pairs)
        counts = {"new": 0, "refreshed": 0, "decided_before": 0, "gone": 0}
        kept = []
        for pair in pairs:
            before = known.get(pair.id)
            if not _may_be_one(profiles[pair.left], profiles[pair.right]):
                counts["gone"] += 1
                continue
            if before is not None and before.state != OPEN:
                counts["decided_before"] += 1
                continue
            kept.append(pair.id)
            try:
                if before is None:
                    self._candidates.save(Candidate(pair, OPEN, now))
                    counts["new"] += 1
                elif before.pair != pair:
                    self._candidates.save(before._replace(pair=pair, revision=before.revision + 1), before)
                    counts["refreshed"] += 1
            except Conflict:
                continue  # done by a try before this one, or decided on this very moment
        self._runs.save(run, f"proposed-{chunk}", {"kept": kept, "counts": counts})

    def finish(self, run: str, now: int) -> dict[str, Any]:
        """Merge what may be merged unseen, close what is no candidate any more, delete the people; answers the report."""
        plan, compared = self._runs.load(run, "plan"), self._runs.load(run, "compared")
        rules = self._of(run)
        pairs = list(chain.from_iterable(self._pairs(run, chunk) for chunk in compared["chunks"]))
        proposed = [self._runs.load(run, f"proposed-{chunk}") for chunk in compared["chunks"]]
        kept = {pair for one in proposed for pair in one["kept"]}
        report = {
            "run": run, "started": to_iso(plan["started"]), "finished": to_iso(now), "people": compared["people"],
            "pairs": compared["pairs"], "candidates": len(kept), "more": compared["more"],
            **{name: sum(one["counts"][name] for one in proposed) for name in ("new", "refreshed", "decided_before", "gone")},
            "too_large": cluster(pairs, {}).too_large, "too_frequent": compared["too_frequent"], "model": compared["model"],
        }
        merged = self._merge([pair for pair in pairs if pair.id in kept], rules.auto_merge, now)
        report |= {"merged": len(merged), "closed": self._close(set(self._candidates.ids(OPEN)) - kept) if plan["parts"] else 0}
        if plan["parts"]:
            self._candidates.save_report(report)
        self._runs.delete_people(run, plan["parts"])
        return report

    def _merge(self, pairs: list[Pair], least: float | None, now: int) -> set[str]:
        """Merge the groups whose pairs are all probable enough; answers the ids of the candidates that this settled."""
        def is_probable(pair: Pair) -> bool:
            return least is not None and pair.certain and pair.probability >= least

        probable = [pair for pair in pairs if is_probable(pair)]
        by_left = defaultdict(list)
        for pair in pairs:
            by_left[pair.left].append(pair)
        settled: set[str] = set()
        for group in cluster(probable, *self._who(sorted({name for pair in probable for name in pair[:2]}))).groups[:MAX_MERGES]:
            inside = [pair for name in group for pair in by_left[name] if pair.right in group]
            if any(_differ(pair) for pair in inside):
                continue  # twins, and a profile between them that knows no given name
            inside.sort(key=lambda pair: (-pair.weight, pair.left, pair.right))
            # As they are at this moment: merging those before them may have taken minutes.
            aggregates, roots = load_roots(self._profiles, set(group))
            if len({roots[name] for name in group}) == 1:
                settled |= self._merge_group([], inside, now)  # by a try before this one, which broke off
            elif all(_unchanged(pair, aggregates) for pair in inside):
                settled |= self._merge_group([pair for pair in inside if is_probable(pair)], inside, now)
        return settled

    def _who(self, names: Sequence[str]) -> tuple[dict[str, str], set[str]]:
        """Profile → its user ids, and the ids of the pairs of these profiles that are two people."""
        users: dict[str, str] = {}
        owners: dict[str, str] = {}
        others: dict[str, frozenset[str]] = {}
        for first in range(0, len(names), _AT_A_TIME):
            for name, one in self._profiles.load(names[first:first + _AT_A_TIME]).items():
                owners |= dict.fromkeys(one.parts, name)
                others[name] = one.apart
                if found := users_of(one):
                    users[name] = ",".join(sorted(found))
        return users, {pair_id(name, owners[other]) for name, apart in others.items() for other in apart if other in owners}

    def _merge_group(self, probable: list[Pair], inside: list[Pair], now: int) -> set[str]:
        try:
            for pair in probable:
                evidence = Evidence(NEAR_DUPLICATE, now, detail=f"probability {pair.probability:.4f}, auto_merge")
                self._graph.merge(pair.left, pair.right, evidence, now)
        except Rejected:
            return set()  # too large together, kept apart or erased this very moment: they stay in the queue
        for before in self._candidates.load(pair.id for pair in inside).values():
            if before.state == OPEN:
                done = before._replace(state=ACCEPTED, decided=now, by="auto_merge", revision=before.revision + 1)
                with suppress(Conflict):  # somebody decides on it this very moment
                    self._candidates.save(done, before)
        return {pair.id for pair in inside}

    def _close(self, ids: set[str]) -> int:
        closed = 0
        for candidate in self._candidates.load(sorted(ids)).values():
            if candidate.state == OPEN:
                try:
                    self._candidates.delete(candidate)
                    closed += 1
                except Conflict:
                    continue  # somebody decides on it this very moment
        return closed

    def _pairs(self, run: str, chunk: int) -> list[Pair]:
        return [pair_of(row) for row in self._runs.load(run, f"pairs-{chunk}")]

    def _of(self, run: str) -> DuplicateRules:
        return DuplicateRules.model_validate(self._runs.load(run, "plan")["rules"])


def is_live(profile: Aggregate) -> bool:
    """Whether it is somebody: neither merged away nor erased."""
    return profile.merged_into is None and profile.erased is None and profile.snapshot.events > 0


def _may_be_one(one: Aggregate, other: Aggregate) -> bool:
    return (is_live(one) and is_live(other) and one.parts.isdisjoint(other.apart) and other.parts.isdisjoint(one.apart)
            and len(users_of(one) | users_of(other)) < 2)


def _differ(pair: Pair) -> bool:
    return any(one.field in SINGLE and one.level == "different" for one in pair.levels)


def _unchanged(pair: Pair, profiles: Mapping[str, Aggregate]) -> bool:
    return all(profiles[name].version == version for name, version in zip((pair.left, pair.right), pair.versions, strict=True))
