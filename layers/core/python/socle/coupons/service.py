"""Uploading codes, counting them, and giving each person theirs."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from socle.coupons.model import CODE, KIND, MAX_UPLOAD, Counts, CouponPool
from socle.coupons.store import CouponStore
from socle.definitions.store import DefinitionStore
from socle.errors import NotFound, Rejected
from socle.templates.model import Unrenderable


class Coupons:
    """The pools of a deployment; `now` answers epoch ms."""

    def __init__(self, store: CouponStore, definitions: DefinitionStore, now: Callable[[], int]) -> None:
        self._store = store
        self._definitions = definitions
        self._now = now

    def upload(self, pool: str, codes: list[str]) -> dict[str, int]:
        """{"added", "known"}: those that the pool had already are left alone, given or not. Raises NotFound, Rejected."""
        self._pool(pool)
        if len(codes) > MAX_UPLOAD:
            raise Rejected("too_many", f"there are {len(codes):,} codes, {MAX_UPLOAD:,} are allowed at once: send them in parts",
                           "codes", status=413)
        for place, code in enumerate(codes):
            if not CODE.fullmatch(code):
                raise Rejected("bad_code", f"code {place + 1} is not 1 to 64 visible ASCII characters without spaces: "
                               f"{code[:80]!r}", f"codes[{place}]")
        added = self._store.add(pool, codes)
        return {"added": added, "known": len(codes) - added}

    def counts(self, pool: str) -> Counts:
        """Codes uploaded and given. Raises NotFound."""
        self._pool(pool)
        return self._store.counts(pool)

    def code(self, pool: str, profile: str) -> str:
        """The person's own code, the same whenever it is asked for. Raises Unrenderable(`no_coupon`)."""
        known = self._store.given(pool, profile)
        if known is not None:
            return known
        try:
            expires = self._pool(pool).expires
        except NotFound as error:
            raise Unrenderable("no_coupon", error.message, "coupon") from error
        now = self._now()
        if expires is not None and datetime.fromtimestamp(now / 1000, UTC).date() > expires:
            raise Unrenderable("no_coupon", f"the pool {pool!r} has expired on {expires}", "coupon")
        code = self._store.give(pool, profile, now)
        if code is None:
            raise Unrenderable("no_coupon", f"the pool {pool!r} is empty: upload codes to /api/coupons/{pool}/codes", "coupon")
        return code

    def _pool(self, pool: str) -> CouponPool:
        found = self._definitions.current(KIND, pool)
        if found is None:
            raise NotFound("unknown_coupons", f"there are no coupons {pool!r}: write the pool to /api/coupons/{pool} first",
                           "name")
        return CouponPool.model_validate(found.document)


def codes_in(text: str) -> list[str]:
    """The codes of a CSV file: its first column, or the one called `code`; empty lines are left out."""
    rows: list[list[Any]] = [row for row in csv.reader(text.lstrip("\ufeff").splitlines()) if any(cell.strip() for cell in row)]
    names = [cell.strip().lower() for cell in rows[0]] if rows else []
    column = names.index("code") if "code" in names else 0
    return [row[column].strip() for row in (rows[1:] if "code" in names else rows) if len(row) > column and row[column].strip()]
