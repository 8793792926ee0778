"""What people do with the queue: read it, accept a candidate (the two are merged), reject it (they stay apart for ever)."""

from __future__ import annotations

from typing import Any

from socle.duplicates.model import ACCEPTED, OPEN, REJECTED, Candidate
from socle.duplicates.people import users_of
from socle.duplicates.service.search import is_live
from socle.duplicates.store import CandidateStore
from socle.duplicates.view import candidate_view
from socle.errors import Conflict, NotFound, Rejected
from socle.identity.model import NEAR_DUPLICATE, Evidence
from socle.identity.service.graph import IdentityGraph
from socle.identity.service.join import load_roots
from socle.paging import from_cursor, to_cursor
from socle.profiles.model import Aggregate
from socle.profiles.store import ProfileStore
from socle.workflows.store import Workflow


class Review:
    """The queue. Every decision can be repeated."""

    def __init__(self, candidates: CandidateStore, profiles: ProfileStore, graph: IdentityGraph, workflow: Workflow) -> None:
        self._candidates = candidates
        self._profiles = profiles
        self._graph = graph
        self._workflow = workflow

    def start(self, run: str) -> None:
        """Start a search, whatever the rules say of the schedule."""
        self._workflow.start(run, {"by_hand": True})

    def report(self) -> dict[str, Any]:
        """What the last search came to. Raises NotFound."""
        found = self._candidates.report()
        if found is None:
            raise NotFound("no_run", "no search has been finished yet: POST /api/duplicates/run starts one")
        return found

    def page(self, state: str, limit: int, cursor: str | None = None) -> dict[str, Any]:
        """`{"items", "next"}`: candidates of a state, most probable first. Raises Rejected(`bad_cursor`)."""
        listing = f"duplicates {state}"
        found = self._candidates.page(state, limit + 1, from_cursor(listing, cursor) if cursor else None)
        more = to_cursor(listing, found[limit - 1][0]) if len(found) > limit else None
        return {"items": [candidate_view(candidate) for _, candidate in found[:limit]], "next": more}

    def read(self, id_: str) -> dict[str, Any]:
        """One candidate. Raises NotFound."""
        return candidate_view(self._one(id_))

    def accept(self, id_: str, now: int) -> dict[str, Any]:
        """Merge the two; answers the candidate with `survivor`.

        Raises NotFound, Rejected (`already_rejected`, `gone`, `two_users`, and what IdentityGraph.merge raises).
        """
        candidate = self._one(id_)
        if candidate.state == REJECTED:
            raise Rejected("already_rejected", "it was rejected, and the two are kept apart for ever", status=409)
        pair = candidate.pair
        survivor = self._survivor(candidate)
        if candidate.state == OPEN:
            evidence = Evidence(NEAR_DUPLICATE, now, detail=f"probability {pair.probability:.4f}, review")
            survivor = survivor or self._graph.merge(pair.left, pair.right, evidence, now)
            candidate = self._decide(candidate, ACCEPTED, now)
        return {**candidate_view(candidate), "survivor": survivor}

    def reject(self, id_: str, now: int) -> dict[str, Any]:
        """Keep the two apart, for ever. Raises NotFound, Rejected (`already_accepted`, and what keep_apart raises)."""
        candidate = self._one(id_)
        if candidate.state == ACCEPTED:
            raise Rejected("already_accepted", "it was accepted: unmerge the two, which keeps them apart", status=409)
        if candidate.state == OPEN:
            try:
                self._graph.keep_apart(candidate.pair.left, candidate.pair.right, now)
            except NotFound as error:
                raise self._gone(candidate, "one of the two profiles was erased") from error
            candidate = self._decide(candidate, REJECTED, now)
        return candidate_view(candidate)

    def forget(self, profile: str) -> None:
        """Delete every candidate that a person is in, decided or not: before the person is erased."""
        aggregates, roots = load_roots(self._profiles, {profile})
        root = aggregates[roots[profile]]
        for name in (root.id, *root.members):
            for candidate in self._candidates.load(self._candidates.of_profile(name)).values():
                self._candidates.delete(candidate)

    def _survivor(self, candidate: Candidate) -> str | None:
        """The person that both are by now, None when they are two. Raises Rejected when they can't be merged any more."""
        pair = candidate.pair
        aggregates, roots = load_roots(self._profiles, {pair.left, pair.right})
        one, other = (aggregates[roots[name]] for name in (pair.left, pair.right))
        if one.erased is not None or other.erased is not None or not one.snapshot.events or not other.snapshot.events:
            raise self._gone(candidate, "one of the two profiles was erased")
        if one.id == other.id:
            return one.id
        if candidate.state == ACCEPTED:
            return None
        if not all(is_live(aggregates[name]) for name in (pair.left, pair.right)):
            raise self._gone(candidate, "one of the two was merged with somebody else since it was found")
        if len(_users(one, other)) > 1:
            raise Rejected("two_users", "by now each of the two has a user id of its own, and a person has one at most: "
                           "reject it, or merge them by hand", status=409)
        return None

    def _gone(self, candidate: Candidate, why: str) -> Rejected:
        """Close a candidate that is none any more; answers the error that says so."""
        self._candidates.delete(candidate)
        return Rejected("gone", f"{why}: the candidate is closed; the next search compares who there is now", status=409)

    def _decide(self, candidate: Candidate, state: str, now: int) -> Candidate:
        decided = candidate._replace(state=state, decided=now, by="review", revision=candidate.revision + 1)
        try:
            self._candidates.save(decided, candidate)
        except Conflict:
            found = self._one(candidate.id)
            if found.state != state:
                # A search has refreshed it in between; what was decided is done already, and the row follows.
                decided = decided._replace(pair=found.pair, revision=found.revision + 1)
                self._candidates.save(decided, found)
                return decided
            return found
        return decided

    def _one(self, id_: str) -> Candidate:
        found = self._candidates.load([id_]).get(id_) if id_.count("-") == 1 else None
        if found is None:
            raise NotFound("unknown_candidate", "there is no such candidate; it may have been closed: GET /api/duplicates lists "
                           "those that there are", "id")
        return found


def _users(one: Aggregate, other: Aggregate) -> frozenset[str]:
    return users_of(one) | users_of(other)
