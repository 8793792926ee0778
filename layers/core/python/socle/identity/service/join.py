"""Follow profiles to the ones that they were merged into, read their history, and make two of them one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from socle.errors import Conflict, Unavailable, poison_is_rejected
from socle.identity.model import Evidence
from socle.profiles.codec import encode_aggregate
from socle.profiles.merge import merge
from socle.profiles.model import Aggregate, History, Needs, Page
from socle.profiles.store import ProfileStore

_ATTEMPTS = 10


def load_roots(store: ProfileStore, profiles: set[str],
               fresh: bool = True) -> tuple[dict[str, Aggregate], dict[str, str]]:
    """The aggregates, and for each profile asked for the one it was merged into in the end, itself if none.

    A survivor is read after its member, and perhaps after an unmerge: one that does not know its member is no survivor, and
    all are read again. Raises Unavailable when they change all the time.
    """
    for _ in range(_ATTEMPTS):
        aggregates = store.load(profiles, fresh) if profiles else {}
        while True:
            further = {aggregate.merged_into for aggregate in aggregates.values() if aggregate.merged_into} - set(aggregates)
            if not further:
                break
            aggregates |= store.load(further, fresh)
        roots = {profile: _root(profile, aggregates) for profile in profiles}
        if all(profile == root or profile in aggregates[root].members for profile, root in roots.items()):
            return aggregates, roots
        fresh = True
    raise Unavailable("contended", "the profiles are being merged and unmerged all the time: try again later")


def _root(profile: str, aggregates: Mapping[str, Aggregate]) -> str:
    met = {profile}
    while (survivor := aggregates[profile].merged_into) is not None and survivor not in met:
        met.add(survivor)  # they were read one after the other: what looks like a circle was none
        profile = survivor
    return profile


def merge_profiles(store: ProfileStore, survivor: str, loser: str, evidence: Evidence,
                   aggregates: dict[str, Aggregate], due: int | None = None) -> None:
    """Merge `loser` into `survivor` in one transaction; `aggregates` holds both afterwards. Raises Conflict, Rejected.

    `due`: when the stream is to be told, epoch ms; None if it is the stream that says so.
    """
    history = History()
    while True:
        one = aggregates.get(survivor) or Aggregate(survivor)
        other = aggregates.get(loser) or Aggregate(loser)
        with poison_is_rejected():
            merged = merge(one, other, history, evidence)
        if not isinstance(merged, Needs):
            break
        read(store, history, merged)
    aggregates[survivor], aggregates[loser] = merged
    if due is not None:
        aggregates[survivor] = replace(merged[0], due=min(due, merged[0].due or due))
    store.save_together([(aggregates[one], encode_aggregate(aggregates[one])) for one in (survivor, loser)])


def read(store: ProfileStore, history: History, needs: Needs) -> None:
    """Read what a decision needs into `history`."""
    if needs.aggregates:
        history.aggregates |= store.load(needs.aggregates)
    if needs.pages:
        found = store.load_pages(needs.pages)
        if len(found) < len(needs.pages):
            # A page can only be missing when the profile was erased after its aggregate was read.
            raise Conflict("conflict", "the profile changed meanwhile: reload it and try again")
        history.pages |= found


def save_with_pages(store: ProfileStore, aggregates: Sequence[tuple[Aggregate, bytes]], pages: Sequence[Page]) -> None:
    """Write aggregates and pages together. A new page may meet one that a seal left when it broke off: it is in no
    aggregate's list, and is written over. Raises Conflict."""
    try:
        store.save_together(aggregates, pages)
    except Conflict:
        found = store.load_pages([(page.profile, page.lower) for page in pages if page.version == 1])
        if not found:
            raise
        store.save_together(aggregates, [
            replace(page, version=found[page.profile, page.lower].version + 1)
            if (page.profile, page.lower) in found else page for page in pages])
