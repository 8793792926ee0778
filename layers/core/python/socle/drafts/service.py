"""Write what was decided of many profiles: the last write of each shares its call with those of others."""

from __future__ import annotations

from collections.abc import Sequence

from socle.drafts.model import Draft
from socle.errors import Conflict
from socle.identity.service.join import read, save_with_pages
from socle.profiles.decide import Decision
from socle.profiles.model import Aggregate, Needs, Page
from socle.profiles.store import ProfileStore

POSTPONED_BYTES = 64 * 1024
"""An aggregate up to which a write can be postponed: 25 share a call."""


class DraftWriter:
    """Writes now what must be, and postpones what can share a call with other profiles."""

    def __init__(self, profiles: ProfileStore) -> None:
        self._profiles = profiles

    def read(self, draft: Draft, needs: Needs) -> None:
        """Read what a decision needs. Raises Conflict."""
        read(self._profiles, draft.history, needs)

    def take(self, draft: Draft, decision: Decision) -> None:
        """Make the decision what the draft says: write it, or postpone it. Raises Conflict, Rejected."""
        if decision.aggregate is draft.aggregate:
            return
        self.write_now(draft)
        rewritten = any(page.version > 1 for page in decision.pages)
        ended = draft.aggregate.due is not None and decision.aggregate.due is None
        if rewritten or ended or len(decision.data) > POSTPONED_BYTES:
            self._save(decision.aggregate, decision.data, decision.pages)
        else:
            draft.postponed, draft.pages = decision.data, decision.pages
        # Not before it is stored, or small enough to be: a write that is refused leaves what was there.
        draft.aggregate = decision.aggregate
        draft.history.pages.update({(page.profile, page.lower): page for page in decision.pages})

    def write_now(self, draft: Draft) -> None:
        """Write what was postponed, by itself: something else rests on it. Raises Conflict."""
        if draft.postponed:
            self._save(draft.aggregate, draft.postponed, draft.pages)
            draft.postponed, draft.pages = b"", ()

    def write_postponed(self, drafts: Sequence[Draft]) -> set[str]:
        """Write what was postponed; answers the profiles of which another writer was first.

        New pages come first: until the aggregate lists it, a page is nobody's.
        """
        beaten: set[str] = set()
        pages = [page for draft in drafts for page in draft.pages]
        taken = {profile for profile, _ in self._profiles.insert_pages(pages)} if pages else set()
        for draft in drafts:
            if draft.aggregate.id in taken:
                try:
                    self.write_now(draft)
                except Conflict:
                    beaten.add(draft.aggregate.id)
        writes = [(draft.aggregate, draft.postponed) for draft in drafts
                  if draft.postponed and draft.aggregate.id not in beaten]
        return beaten | (self._profiles.save_each(writes) if writes else set())

    def _save(self, aggregate: Aggregate, data: bytes, pages: Sequence[Page]) -> None:
        """Write an aggregate and its pages together. Raises Conflict."""
        if pages:
            save_with_pages(self._profiles, [(aggregate, data)], pages)
        else:
            self._profiles.save(aggregate, data)
