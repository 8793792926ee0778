"""What became of a run and of its people, for whoever asks: counts, reasons, one person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from socle.campaigns.files import last_words, pack, sums, unpack
from socle.campaigns.guard import METRICS
from socle.campaigns.model.document import KIND
from socle.campaigns.model.progress import REST, REST_FILE, Chunk, Counts, Progress
from socle.campaigns.model.run import PROGRESS, UNDER_WAY, Run, chunk_key, key_of
from socle.campaigns.service.plan import Definitions
from socle.campaigns.store import Counters, RunFiles, RunStore
from socle.errors import NotFound, Rejected
from socle.iso import to_iso
from socle.messages.model import Message, message_key
from socle.messages.outcome import WAS_HELD
from socle.messages.view import message_view
from socle.profiles.model import Aggregate
from socle.segments.store import shard_of

CHUNKS = 20
"""That a page of people reads at most, each of 10,000 people at most: a page may hold fewer people than asked for."""
WAITING = "waiting"
Row = dict[str, Any]


class Ledger(Protocol):
    """What became of messages."""

    def load(self, names: Any) -> dict[tuple[str, str], Message]: ...


class Profiles(Protocol):
    """People."""

    def load(self, profiles: Any, fresh: bool = True) -> dict[str, Aggregate]: ...


class Answers:
    """Looks at runs."""

    def __init__(self, runs: RunStore, files: RunFiles, counters: Counters, definitions: Definitions, ledger: Ledger,
                 profiles: Profiles) -> None:
        self._runs = runs
        self._files = files
        self._counters = counters
        self._definitions = definitions
        self._ledger = ledger
        self._profiles = profiles

    def page(self, campaign: str, limit: int, before: str | None, forecasts: bool = False) -> list[Row]:
        """Up to `limit` runs older than the id `before`, newest first, with what the ended ones came to. Raises NotFound without
        any, of no campaign."""
        found = self._runs.page(campaign, limit, before, forecasts)
        if not found and before is None and self._definitions.current(KIND, campaign) is None:
            raise NotFound("unknown_definition", f"there is no campaigns/{campaign}: GET /api/campaigns lists what there is",
                           "name")
        return [{**run.to_json(), "outcomes": sums(run.counts)["outcomes"] if run.counts is not None else None} for run in found]

    def show(self, campaign: str, id_: str) -> Row:
        """A run: what became of its people so far, by outcome, reason and variant; who is still to come; what the channels have
        said since. Raises NotFound."""
        run = self._runs.load(campaign, id_)
        progress = self._progress(campaign, id_)
        counts = _together(progress.counts, progress.partial) if progress else {}
        live = self._counters.load(campaign, id_)
        summed = sums(counts)
        return {**run.to_json(), "outcomes": summed["outcomes"], "reasons": summed["reasons"],
                "waiting": progress.waiting if progress and run.state in UNDER_WAY else 0,
                "live": {metric: sum(of.get(metric, 0) for of in live.values()) for metric in METRICS},
                "variants": {name: {"outcomes": summed["variants"].get(name, {}), "live": live.get(name, {})}
                             for name in sorted({*summed["variants"], *live} - {""})}}

    def people(self, campaign: str, id_: str, outcome: str | None, reason: str | None, limit: int,
               place: str | None) -> tuple[list[Row], str | None]:
        """Up to `limit` people of a run from a place on, with what became of them, and the place after them. There may be fewer,
        even none, before the last page. Who was held shows as such only when `outcome` asks for it. Raises NotFound, Rejected."""
        self._runs.load(campaign, id_)
        chunk, after = _read_place(place)
        found: list[Row] = []
        for looked, number in enumerate(self._chunks(campaign, id_, chunk)):
            if looked == CHUNKS:
                return found, f"{number}.0"
            rows = list(self._outcomes(campaign, id_, number).values())
            for line, row in enumerate(rows):
                if (number == chunk and line < after) or not _is_asked(row, outcome, reason):
                    continue
                if len(found) == limit:
                    return found, f"{number}.{line}"
                found.append(_shown(row))
        return found, None

    def person(self, campaign: str, profile: str, id_: str | None, now: int) -> Row:
        """What became of one person in a run, the newest if none is named, and of the message since. Raises NotFound."""
        run = self._runs.load(campaign, id_) if id_ else next(iter(self._runs.page(campaign, 1, None)), None)
        if run is None:
            self.page(campaign, 1, None)
            raise NotFound("no_run", f"this campaign was never launched: POST /api/campaigns/{campaign}/launch", "run")
        found = self._profiles.load([profile]).get(profile)
        parts = sorted({profile, *(found.members if found else ())})
        if found and found.merged_into:
            parts.append(found.merged_into)
        answer: Row = {"profile": profile, "run": run.id, "state": run.state, **self._outcome(run, parts)}
        key = message_key(f"campaign/{campaign}", run.occurrence)
        rows = self._ledger.load([(part, key) for part in parts])
        message = max(rows.values(), key=lambda row: row.attempt, default=None)
        return {**answer, "message": message and message_view(message, now)}

    def _outcome(self, run: Run, parts: list[str]) -> Row:
        progress = self._progress(run.campaign, run.id)
        if progress is None:
            return {"outcome": WAITING, "reason": None, "detail": "the audience is not frozen yet", "until": to_iso(run.begins)}
        last: Row | None = None
        for part in parts:
            place = (shard_of(part), part)
            for chunk in progress.chunks.values():
                if not chunk.first <= place <= chunk.last:
                    continue
                row = self._outcomes(run.campaign, run.id, chunk.number).get(part)
                if row is not None:
                    last = row if last is None or last["o"] == WAS_HELD else last
                elif (last is None or last["o"] == WAS_HELD) and self._is_in(run, chunk, part):
                    return {"outcome": WAITING, "reason": last and last.get("r"), "detail": None,
                            "until": to_iso(chunk.at) if chunk.at else None}
        if last is None:
            return {"outcome": None, "reason": "not_in_audience", "until": None,
                    "detail": "not in the segment when the audience was frozen, or in one of those that are excluded"}
        shown = _shown(last)
        return {name: shown[name] for name in ("outcome", "reason", "detail", "until")}

    def _is_in(self, run: Run, chunk: Chunk, profile: str) -> bool:
        key = key_of(run.campaign, run.id, REST_FILE.format(chunk.number)) if chunk.phase == REST else chunk_key(
            run.campaign, run.id, chunk.number)
        return any(one.profile == profile for one in unpack(self._files.read(key) or pack([])))

    def _progress(self, campaign: str, id_: str) -> Progress | None:
        found = self._files.read_json(key_of(campaign, id_, PROGRESS))
        return Progress.from_json(found) if found else None

    def _outcomes(self, campaign: str, id_: str, number: int) -> dict[str, Row]:
        keys = self._files.keys(key_of(campaign, id_, f"outcomes/{number:05}-"))
        return last_words(data for _, data in self._files.all(keys))

    def _chunks(self, campaign: str, id_: str, begin: int) -> Iterator[int]:
        """Numbers of chunks that have outcomes, from `begin` on."""
        before = -1
        prefix = key_of(campaign, id_, "outcomes/")
        for key in self._files.keys(prefix, f"{prefix}{begin:05}"):
            number = int(key.removeprefix(prefix).partition("-")[0])
            if number != before:
                before = number
                yield number


def _is_asked(row: Row, outcome: str | None, reason: str | None) -> bool:
    if outcome is None and row["o"] == WAS_HELD:
        return False  # they come again
    return outcome in (None, row["o"]) and reason in (None, row.get("r", ""))


def _shown(row: Row) -> Row:
    return {"profile": row["p"], "outcome": row["o"], "reason": row.get("r"), "detail": row.get("d"), "variant": row.get("v"),
            "at": to_iso(row["at"]) if row.get("at") else None, "until": to_iso(row["until"]) if row.get("until") else None,
            "parts": row.get("n"), "bytes": row.get("b")}


def _read_place(place: str | None) -> tuple[int, int]:
    if place is None:
        return 0, 0
    chunk, _, line = place.partition(".")
    if not (chunk.isdecimal() and line.isdecimal()):
        raise Rejected("bad_cursor", "this cursor is not from this list: begin without one", "cursor")
    return int(chunk), int(line)


def _together(first: Counts, second: Counts) -> Counts:
    found = {variant: {outcome: dict(reasons) for outcome, reasons in by.items()} for variant, by in first.items()}
    for variant, by in second.items():
        for outcome, reasons in by.items():
            mine = found.setdefault(variant, {}).setdefault(outcome, {})
            for reason, people in reasons.items():
                mine[reason] = mine.get(reason, 0) + people
    return found
