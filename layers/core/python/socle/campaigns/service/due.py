"""What the clock does with campaigns: begin what is due, go on with runs that were handed over or left behind."""

from __future__ import annotations

from socle.campaigns.model.document import At, CampaignDocument, Every
from socle.campaigns.model.run import DECIDING, PAUSED, RUNNING, SCHEDULE, Run
from socle.campaigns.pace import moment_of, next_due
from socle.campaigns.service.executions import Executions
from socle.campaigns.service.plan import Definitions, rules_of
from socle.campaigns.service.requests import Campaigns
from socle.campaigns.store import RunStore
from socle.clock import DAY, MINUTE
from socle.errors import Conflict, Rejected

LATE = 15 * MINUTE
"""How late a time may be when a schedule is first looked at: one that was written with an older time starts nothing."""
_NEVER = 253_402_300_799_000
"""The end of the year 9999, epoch ms."""
_OFF = "off"
"""Noted in the place of a schedule while there is none, or it is switched off."""


class Due:
    """Begins runs by the clock."""

    def __init__(self, runs: RunStore, definitions: Definitions, executions: Executions, campaigns: Campaigns) -> None:
        self._runs = runs
        self._definitions = definitions
        self._executions = executions
        self._campaigns = campaigns

    def start(self, campaign: str, document: CampaignDocument, now: int) -> Run | None:
        """Begin a run if the schedule says so, and note when the next is due. A time that a recurring campaign missed, or was
        busy at, is not made up for; one for a single time waits up to a day for a run before it."""
        schedule, noted = document.schedule, self._runs.due(campaign)
        if not document.enabled or not isinstance(schedule, At | Every):
            if noted is not None and noted[0] != _OFF:
                self._runs.set_due(campaign, _OFF, _NEVER, noted[1])  # what comes while it is off is not made up for
            return None
        company, written = rules_of(self._definitions).timezone, schedule.model_dump_json()
        text = f"{written} {company}"
        if noted is None or noted[0] != text:
            # A single time that is over stays so, also when the company's clocks are set to another zone.
            is_over = noted is not None and noted[1] == _NEVER and noted[0].startswith(f"{written} ")
            due = _NEVER if is_over and isinstance(schedule, At) else self._first(schedule, company, now)
            self._runs.set_due(campaign, text, due, noted[1] if noted else None)
        else:
            due = noted[1]
        if due > now:
            return None
        run = self._campaigns.new_run(campaign, document, "", now, SCHEDULE, due)
        started, following = None, _next(schedule, company, now)
        try:
            started = self._executions.begin(run, now)
        except Rejected as error:
            if error.code == "campaign_running" and isinstance(schedule, At) and now < due + DAY:
                return None
        self._runs.set_due(campaign, text, following, due)
        return started

    def go_on(self, now: int) -> tuple[list[Run], int]:
        """Runs that a new execution goes on with, and how many wait for somebody: paused, or a test without a winner."""
        taken_up, waiting = [], 0
        for turn in self._runs.turns():
            run = self._executions.heal(turn.campaign, turn.run, now)
            if run is None:
                continue
            waiting += run.state in (PAUSED, DECIDING)
            is_late = run.state == DECIDING and run.decide_by is not None and now >= run.decide_by
            if is_late or (run.state == RUNNING and run.handed_over):
                try:
                    taken_up.append(self._executions.resume(run, now, SCHEDULE, "nobody has decided" if is_late else "goes on"))
                except (Conflict, Rejected):
                    continue  # somebody has just done something with it
        return taken_up, waiting

    def _first(self, schedule: At | Every, company: str, now: int) -> int:
        if isinstance(schedule, Every):
            return _next(schedule, company, now)
        moment = moment_of(schedule, company)
        return moment if moment > now - LATE else _NEVER


def _next(schedule: At | Every, company: str, now: int) -> int:
    following = next_due(schedule.every, now, company) if isinstance(schedule, Every) else None
    return _NEVER if following is None else following
