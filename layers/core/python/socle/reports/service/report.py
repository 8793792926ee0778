"""The report of a run: what the workers wrote of its people, and as many buckets of the lake as there is time for."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from socle.campaigns.calls import Shape, of_computing, of_run, of_what_follows
from socle.campaigns.model.document import CampaignDocument
from socle.campaigns.pace import chunk_size
from socle.clock import DAY
from socle.costs.prices import dollars
from socle.errors import Rejected
from socle.iso import to_iso
from socle.lake.manifest import Manifest, local_bucket
from socle.lake.query import Connection, open_buckets
from socle.lake.store import LakeStore
from socle.messages.service.chunks import BATCH
from socle.messages.units import Units
from socle.profiles.orders import COMPLETED
from socle.reports.answer import answer, with_cost
from socle.reports.measure import begin, load_outcomes, measure, unseen
from socle.reports.model import Found, Goal, Question, Report
from socle.reports.service.forecast import FORECAST, channel_of
from socle.reports.store import OutcomeFiles
from socle.segments.preview import batches

USUAL = Units(reads=5, writes=13, kib=1, size=1_500)
"""Of one person: looked at; written to. A forecast counts it for each."""
BUDGET = 15_000
"""Ms after which no other bucket is begun."""


class Reports:
    """Reads only. `connect` makes a DuckDB connection, `timer` answers milliseconds that pass."""

    def __init__(self, lake: LakeStore, files: OutcomeFiles, connect: Callable[[], Connection], timer: Callable[[], int]) -> None:
        self._lake = lake
        self._files = files
        self._connect = connect
        self._timer = timer

    def of_run(self, campaign: str, run: str, rates: Mapping[str, float], directory: Path) -> Report:
        """The report of a run with its cost; rates: currency → how much of it a US dollar is worth.

        Raises NotFound(`unknown_run`), Rejected(`no_lake`), Rejected(`is_forecast`).
        """
        plan = self._files.plan(campaign, run)
        if plan["mode"] == FORECAST:
            raise Rejected("is_forecast", f"{run} sent nothing: GET /api/campaigns/{campaign}/forecasts/{run} says what it found",
                           "run")
        document = CampaignDocument.model_validate(plan["document"])
        found = self.report(Question(campaign, run, plan["planned_at"], _goal(document)), directory)
        other = {document.cost.currency: document.cost.fixed} if document.cost else {}
        return with_cost(found, _spent(found, channel_of(plan), len(document.templates)), rates, other)

    def report(self, question: Question, directory: Path, budget: int = BUDGET) -> Report:
        """The run's numbers (socle.reports.answer) by the lake as the last compaction left it.

        Raises Rejected(`no_lake`) before the first compaction. When time is up, it tells of the buckets that were read: a random
        part of the people, so that rates hold.
        """
        began = self._timer()
        manifest = self._lake.manifest()
        if manifest is None:
            raise Rejected("no_lake", "nothing was compacted into the lake yet: POST /api/lake/compact, and try again in a "
                           "minute", status=409)
        found, read = Found(), 0
        with self._connect() as connection:
            lines = self._files.outcomes(question.campaign, question.run, directory / "outcomes.ndjson")
            outcomes = load_outcomes(connection, lines, self._roots(manifest, directory), manifest.bucket_count)
            begin(connection)
            for numbers in batches({number: files.size for number, files in manifest.buckets.items()}):
                if read and self._timer() - began >= budget:
                    break
                here = directory / f"from-{numbers[0]}"
                self._lake.fetch_all([key for number in numbers for key in manifest.buckets[number].keys[:2]], here)
                open_buckets(connection, [local_bucket(manifest, number, here) for number in numbers], ())
                measure(connection, question, numbers, found)
                read += len(numbers)
                shutil.rmtree(here)
            unseen(connection, sorted({*range(manifest.bucket_count)} - {*manifest.buckets}), found)
        return {"campaign": question.campaign, "run": question.run, "as_of": to_iso(manifest.made),
                "complete": read == len(manifest.buckets), "buckets": {"read": read, "of": len(manifest.buckets)},
                **answer(outcomes, found, question.goal)}

    def _roots(self, manifest: Manifest, directory: Path) -> Path | None:
        key = manifest.state.get("roots")
        return self._lake.fetch(key, directory) if key else None


def _goal(document: CampaignDocument) -> Goal:
    """What the campaign is for; orders of the week after a click where it does not say."""
    conversion = document.conversion
    return Goal(conversion.event, conversion.days * DAY, conversion.revenue) if conversion else Goal(COMPLETED, 7 * DAY)


def _spent(report: Report, channel: str, variants: int) -> dict[str, float]:
    """US dollars by service: by how many messages there were, each costing as much as they usually do."""
    outcomes = report["recipients"]["outcomes"]
    people, messages = report["recipients"]["people"], outcomes.get("sent", 0) + outcomes.get("unknown", 0)
    size = chunk_size(people)
    chunks = [size] * (people // size) + [people % size] * (people % size > 0)
    units = Units(USUAL.reads * people, USUAL.writes * messages, USUAL.kib * messages, report["recipients"]["sms_micro_usd"],
                  USUAL.size * messages)
    return dollars(of_run(Shape(people, chunks, BATCH, len(chunks), variants), units, channel, messages)
                   + of_what_follows(units, channel, messages) + of_computing(people, messages, channel))
