"""What people ask of campaigns: launch, pause, resume, cancel, decide a test, send again to whom it failed for, follow up."""

from __future__ import annotations

from socle.campaigns.model.document import KIND, At, CampaignDocument
from socle.campaigns.model.run import (
    CANCELLED,
    DECIDING,
    FAILED,
    FINISHED,
    FOLLOW_UP,
    FORECAST,
    HAND,
    LAUNCH,
    PAUSED,
    RESEND,
    RUNNING,
    SCHEDULE,
    UNDER_WAY,
    Run,
)
from socle.campaigns.pace import moment_of
from socle.campaigns.service.executions import Executions
from socle.campaigns.service.plan import Definitions, rules_of
from socle.campaigns.store import RunStore
from socle.clock import DAY
from socle.errors import Conflict, NotFound, Rejected
from socle.imports.runs import id_of_object, run_id


class Campaigns:
    """Runs of campaigns, as people command them."""

    def __init__(self, runs: RunStore, definitions: Definitions, executions: Executions) -> None:
        self._runs = runs
        self._definitions = definitions
        self._executions = executions

    def launch(self, campaign: str, chance: str, now: int) -> Run:
        """Send now, or at the time that the document names. Raises NotFound, Rejected(409)."""
        document = self._document(campaign)
        return self._executions.begin(self.new_run(campaign, document, chance, now, HAND), now)

    def new_run(self, campaign: str, document: CampaignDocument, chance: str, now: int, by: str, due: int | None = None) -> Run:
        """A run to be begun. One for a time (the schedule's `at`, or a recurring one's `due`) has the id of that time, whoever
        launches it and however often. So has who launches it by hand at most a day after `at` and before the clock did."""
        id_, at, written = run_id(now, chance), now, document.schedule.model_dump_json()
        if isinstance(document.schedule, At):
            moment = moment_of(document.schedule, rules_of(self._definitions).timezone)
            is_awaited = moment > now - DAY and not self._runs.state(campaign, id_of_object(campaign, written, moment))
            at, due = max(now, moment), moment if moment > now or by == SCHEDULE or is_awaited else None
        if due is not None:
            id_ = id_of_object(campaign, written, due)
        return Run(id_, campaign, LAUNCH, RUNNING, by, now, id_, at, history=((RUNNING, now, by, ""),))

    def forecast(self, campaign: str, chance: str, now: int) -> Run:
        """Find out who would get it and who not, and what it would cost; nothing is sent. Raises NotFound, Rejected(409)."""
        self._document(campaign)
        id_ = f"f{run_id(now, chance)}"
        # With the occurrence of no run that was: as if it were launched now.
        run = Run(id_, campaign, FORECAST, RUNNING, HAND, now, id_, now, history=((RUNNING, now, HAND, ""),))
        return self._executions.begin(run, now)

    def resend(self, campaign: str, of: str, chance: str, now: int) -> Run:
        """Try those again whom the run `of` surely failed for. Raises NotFound, Rejected(409)."""
        before = self._over(campaign, of)
        self._document(campaign)
        id_ = run_id(now, chance)
        run = Run(id_, campaign, RESEND, RUNNING, HAND, now, before.occurrence, now, of=of, template=before.template,
                  history=((RUNNING, now, HAND, ""),))
        return self._executions.begin(run, now)

    def follow_up(self, campaign: str, of: str, template: str, chance: str, now: int) -> Run:
        """Send another template to those of the run `of` who have neither opened nor clicked; the same one at most once to each.
        Raises NotFound, Rejected."""
        before = self._over(campaign, of)
        document, found = self._document(campaign), self._definitions.current("templates", template)
        if found is None:
            raise Rejected("unknown_template", f"there is no templates/{template}: GET /api/templates lists what there is",
                           "template")
        first = self._definitions.current("templates", next(iter(document.templates.values())))
        if first is not None and first.document["channel"] != found.document["channel"]:
            raise Rejected("other_channel", f"it is for {found.document['channel']}, the campaign for "
                           f"{first.document['channel']}: choose a template of that channel", "template")
        id_ = run_id(now, chance)
        run = Run(id_, campaign, FOLLOW_UP, RUNNING, HAND, now, f"{before.occurrence}/{template}", now, of=of, template=template,
                  history=((RUNNING, now, HAND, ""),))
        return self._executions.begin(run, now)

    def pause(self, campaign: str, now: int) -> Run:
        """Send no more after the batches that are being sent. Raises NotFound, Rejected(`not_running`, 409)."""
        run = self._current(campaign)

        def paused(one: Run) -> Run:
            if one.state != RUNNING:
                raise _wrong(one, "pause", "only a run that is running can be paused")
            return one.become(PAUSED, now, HAND)
        return self._runs.change(campaign, run.id, paused)

    def resume(self, campaign: str, now: int) -> Run:
        """Complete a run that was paused or has failed. Raises NotFound, Rejected(409)."""
        run = self._current(campaign)
        if run.state not in (PAUSED, FAILED):
            raise _wrong(run, "resume", "only a run that is paused or has failed can be resumed")
        try:
            return self._executions.resume(run, now, HAND, "")
        except Conflict as error:
            raise _wrong(run, "resume", "somebody else has just done so") from error

    def cancel(self, campaign: str, now: int) -> Run:
        """Send no more, ever. Raises NotFound, Rejected(`not_running`, 409)."""
        run = self._current(campaign)

        def cancelled(one: Run) -> Run:
            if one.state not in UNDER_WAY:
                raise _wrong(one, "cancel", "it has ended")
            return one.become(CANCELLED, now, HAND, ended=now)
        after = self._runs.change(campaign, run.id, cancelled)
        self._runs.end_turn(after)
        return after

    def choose(self, campaign: str, variant: str, now: int) -> Run:
        """Say which variant of a test the rest of the audience gets. Raises NotFound, Rejected."""
        run = self._current(campaign)
        if not run.choices:  # those that it began with: the document may be another one by now
            raise Rejected("no_test", f"run {run.id} has no test that could have a winner, or has not begun: give the campaign "
                           "variants and a test before it is launched", status=409)
        if variant not in run.choices:
            raise Rejected("unknown_variant", f"the variants are {', '.join(run.choices)}", "variant")
        if run.winner or run.state not in UNDER_WAY:
            raise _wrong(run, "winner", f"{run.winner or 'nobody'} is its winner, or it has ended")
        reason = f"{variant} was chosen"
        try:
            if run.state == DECIDING:
                return self._executions.resume(run, now, HAND, reason, winner=variant, decide_by=None)
            # While it runs the workflow finds it when the test's wait is over.
            after = run.become(run.state, now, HAND, reason, winner=variant)
            self._runs.save(after)
            return after
        except Conflict as error:
            raise _wrong(run, "winner", "somebody else changed it just now") from error

    def _current(self, campaign: str) -> Run:
        """The run under way, else the newest."""
        turn = self._runs.turn(campaign)
        if turn is not None:
            return self._runs.load(campaign, turn)
        found = self._runs.page(campaign, 1, None)
        if not found:
            self._document(campaign)
            raise NotFound("no_run", f"this campaign was never launched: POST /api/campaigns/{campaign}/launch", "name")
        return found[0]

    def _over(self, campaign: str, id_: str) -> Run:
        run = self._runs.load(campaign, id_)
        if run.is_forecast or run.state not in (FINISHED, CANCELLED, FAILED):
            raise Rejected("not_over", f"run {id_} is {run.state}: only what follows a sending that has ended can be sent", "run",
                           status=409)
        return run

    def _document(self, campaign: str) -> CampaignDocument:
        found = self._definitions.current(KIND, campaign)
        if found is None:
            raise NotFound("unknown_definition", f"there is no campaigns/{campaign}: GET /api/campaigns lists what there is",
                           "name")
        return CampaignDocument.model_validate(found.document)


def _wrong(run: Run, what: str, why: str) -> Rejected:
    return Rejected("not_possible", f"run {run.id} is {run.state}: {why}; GET /api/campaigns/{run.campaign}/runs/{run.id} "
                    "shows it", what, status=409)
