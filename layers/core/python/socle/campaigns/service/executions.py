"""Beginning runs and their executions: one run at a time for each campaign, whoever asks and however often."""

from __future__ import annotations

from collections.abc import Callable

from socle.campaigns.model.run import FAILED, RUNNING, UNDER_WAY, WORKFLOW, Run
from socle.campaigns.store import RunStore
from socle.clock import MINUTE
from socle.errors import Conflict, NotFound, Rejected
from socle.workflows.store import Workflow

GRACE = 2 * MINUTE
"""How long after a change of its state a run's execution may not be there yet."""


class Executions:
    """Runs with their executions."""

    def __init__(self, runs: RunStore, workflow: Workflow) -> None:
        self._runs = runs
        self._workflow = workflow

    def begin(self, run: Run, now: int) -> Run:
        """Let a run be the one under way, and start it; one with this id that is there is taken for it.

        Raises Rejected, status 409: `campaign_running` while another is under way, `already_launched` when this one has ended.
        """
        holder = self._runs.turn(run.campaign, run.is_forecast)
        if holder == run.id and self._runs.state(run.campaign, run.id) == RUNNING:
            return self._started(self._runs.load(run.campaign, run.id))
        if holder is not None and self.is_under_way(run.campaign, holder, now):
            raise _running(run.campaign, holder)
        try:
            self._runs.begin(run, holder)
        except Conflict as error:
            if self._runs.state(run.campaign, run.id):
                raise Rejected("already_launched", f"run {run.id} of this campaign is there, for that time: GET /api/campaigns/"
                               f"{run.campaign}/runs; change its schedule to launch it again", status=409) from error
            raise _running(run.campaign, self._runs.turn(run.campaign, run.is_forecast) or run.id) from error
        if holder is not None:
            self._leave_behind(run.campaign, holder, now)
        return self._started(run)

    def resume(self, run: Run, now: int, by: str, reason: str, **changes: object) -> Run:
        """Go on with a run in a new execution. Raises Rejected(409), Conflict when somebody else changed it meanwhile."""
        holder = self._runs.turn(run.campaign, run.is_forecast)
        if holder not in (None, run.id) and self.is_under_way(run.campaign, str(holder), now):
            raise _running(run.campaign, str(holder))
        after = run.become(RUNNING, now, by, reason, attempt=run.attempt + 1, handed_over=False, ended=None, failure=None,
                           **changes)
        self._runs.begin(after, holder)
        self._workflow.stop(run.execution, "another execution goes on")
        return self._started(after)

    def heal(self, campaign: str, id_: str, now: int) -> Run | None:
        """Start the execution of a run that has none, or write that the run failed when its execution is over; the run if it goes
        on. A turn whose run has ended is ended."""
        try:
            run = self._runs.load(campaign, id_)
        except NotFound:
            return None
        if run.state not in UNDER_WAY:
            self._runs.end_turn(run)
            return None
        if run.state != RUNNING or run.handed_over or now < run.touched + GRACE:
            return run
        state = self._workflow.state(run.execution)
        if state is None:
            return self._started(run)
        if state != "running":
            self._leave_behind(campaign, id_, now)
            self._runs.end_turn(run)
            return None
        return run

    def is_under_way(self, campaign: str, id_: str, now: int) -> bool:
        """Whether a run may still send: one whose execution is over without having said so has left its turn behind."""
        try:
            run = self._runs.load(campaign, id_)
        except NotFound:
            return False
        if run.state != RUNNING or run.handed_over or now < run.touched + GRACE:
            return run.state in UNDER_WAY
        return self._workflow.state(run.execution) == "running"

    def _started(self, run: Run) -> Run:
        if run.state == RUNNING:
            self._workflow.start(run.execution, {"campaign": run.campaign, "run": run.id, "attempt": run.attempt})
        return run

    def _leave_behind(self, campaign: str, id_: str, now: int) -> None:
        def failed(run: Run) -> Run | None:
            return run.become(FAILED, now, WORKFLOW, "broken_off", ended=now, failure=run.failure or {
                "code": "broken_off", "message": "its workflow ended before it did: POST …/resume completes the run"}
            ) if run.state == RUNNING else None
        change(self._runs, campaign, id_, failed)


def change(runs: RunStore, campaign: str, id_: str, what: Callable[[Run], Run | None]) -> Run | None:
    """As RunStore.change; None for a run that is not there (any more), or that others keep writing."""
    try:
        return runs.change(campaign, id_, what)
    except (NotFound, Conflict):
        return None


def _running(campaign: str, run: str) -> Rejected:
    ends = "" if run.startswith("f") else f", or POST /api/campaigns/{campaign}/cancel"
    return Rejected("campaign_running", f"run {run} of this campaign is under way: wait for its end{ends}; "
                    f"GET /api/campaigns/{campaign}/runs/{run} shows it", status=409)
