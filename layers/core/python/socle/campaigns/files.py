"""The files of a run: chunks of people, and what became of them. Pure."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from socle.campaigns.model.progress import Counts, Recipient
from socle.messages.outcome import WAS_HELD


def pack(people: Iterable[Recipient]) -> bytes:
    """The content of a chunk's file; the same people are the same bytes."""
    text = "".join(json.dumps([one.profile, one.variant], ensure_ascii=False, separators=(",", ":")) + "\n" for one in people)
    return gzip.compress(text.encode(), 6, mtime=0)


def unpack(data: bytes) -> Iterator[Recipient]:
    """Inverse of `pack`."""
    return (Recipient(*json.loads(line)) for line in gzip.decompress(data).splitlines())


def rows_of(data: bytes) -> Iterator[dict[str, Any]]:
    """Lines of a file of outcomes (socle.messages.outcome)."""
    return (json.loads(line) for line in gzip.decompress(data).splitlines())


def last_words(files: Iterable[bytes]) -> dict[str, dict[str, Any]]:
    """Profile → its outcome, of the files of one chunk in their order: what was repeated counts once."""
    return {row["p"]: row for data in files for row in rows_of(data)}


def tally(counts: Counts, rows: Iterable[Mapping[str, Any]], held_too: bool = False) -> Counts:
    """Counts with these outcomes too. Who was held comes again and is counted then, unless nobody does (`held_too`)."""
    found = {variant: {outcome: dict(reasons) for outcome, reasons in by.items()} for variant, by in counts.items()}
    for row in rows:
        if held_too or row["o"] != WAS_HELD:
            reasons = found.setdefault(row.get("v", ""), {}).setdefault(row["o"], {})
            reasons[row.get("r", "")] = reasons.get(row.get("r", ""), 0) + 1
    return found


def sums(counts: Counts) -> dict[str, Any]:
    """`outcomes`: outcome → people; `reasons`: outcome → reason → people; `variants`: variant → outcome → people."""
    outcomes: dict[str, int] = {}
    reasons: dict[str, dict[str, int]] = {}
    for by in counts.values():
        for outcome, of in by.items():
            outcomes[outcome] = outcomes.get(outcome, 0) + sum(of.values())
            for reason, people in of.items():
                if reason:
                    mine = reasons.setdefault(outcome, {})
                    mine[reason] = mine.get(reason, 0) + people
    variants = {variant: {outcome: sum(of.values()) for outcome, of in by.items()} for variant, by in counts.items() if variant}
    return {"outcomes": outcomes, "reasons": reasons, "variants": variants}
