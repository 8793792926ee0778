"""The steps of a run around its sending: what is next, its end, giving up. Each may be taken again, and changes nothing more."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from socle.campaigns.files import last_words, pack, tally, unpack
from socle.campaigns.model.document import Test
from socle.campaigns.model.progress import REST_FILE, Chunk, Place, Progress, Recipient
from socle.campaigns.model.run import (
    DECIDING,
    FAILED,
    FINISHED,
    PLAN,
    PROGRESS,
    RUNNING,
    WORKFLOW,
    Run,
    chunk_key,
    key_of,
)
from socle.campaigns.rounds import (
    CHUNK_EVENTS,
    ROUND_EVENTS,
    Decide,
    HandOver,
    Send,
    Wait,
    absorb,
    following,
    held_again,
    held_chunk,
    released,
)
from socle.campaigns.service.plan import Planner, document_of
from socle.campaigns.store import Counters, RunFiles, RunStore
from socle.campaigns.winner import stand
from socle.clock import SECOND
from socle.errors import Conflict, NotFound, SocleError
from socle.iso import to_iso
from socle.messages.outcome import WAS_HELD
from socle.segments.durations import milliseconds
from socle.segments.store import shard_of

SEND, WAIT, FINISH, END = "send", "wait", "finish", "end"
"""What the workflow is told to do. END: this execution is over, the run may not be."""
Answer = dict[str, Any]


class Steps:
    """Takes the steps of runs."""

    def __init__(self, runs: RunStore, files: RunFiles, counters: Counters, planner: Planner) -> None:
        self._runs = runs
        self._files = files
        self._counters = counters
        self._planner = planner

    def following(self, campaign: str, id_: str, attempt: int, results: Iterable[Mapping[str, Any]], now: int) -> Answer:
        """`{"go": "send" | "wait" | "finish" | "end", "chunks": [{"chunk", "position"}], "until"?: ISO}` after the `results` of
        the round before. Raises NotFound, Rejected for what can't be planned."""
        run = self._runs.load(campaign, id_)
        if run.attempt != attempt or (run.state != RUNNING and run.audience is None):
            return _answer(END)  # another execution has taken over, or there is nothing to look at
        if now < run.begins and not run.is_forecast:
            return _answer(WAIT, until=run.begins)
        progress = self._planner.plan(run, now)
        if progress.attempt != attempt:
            progress = self._taken_up(run, progress)
        progress, ended = absorb(progress, results)
        progress = self._look_at(run, progress, ended)
        if run.state != RUNNING:
            if run.state not in (FINISHED, FAILED):
                self._save(run, progress.next(partial=self._partial(run, progress)))
            return _answer(END)
        progress, answer = self._choose(run, progress, now)
        self._save(run, progress)
        return answer

    def finish(self, campaign: str, id_: str, attempt: int, now: int) -> dict[str, int]:
        """Write that a run has ended well, and let the next one begin; answers outcome → people."""
        progress = self._load(campaign, id_)

        def finished(run: Run) -> Run | None:
            if run.state != RUNNING or run.attempt != attempt:
                return None
            return run.become(FINISHED, now, WORKFLOW, ended=now, counts=progress.counts)
        run = self._runs.change(campaign, id_, finished)
        if run.state == FINISHED:
            self._runs.end_turn(run)
        totals: dict[str, int] = {}
        for by in progress.counts.values():
            for outcome, reasons in by.items():
                totals[outcome] = totals.get(outcome, 0) + sum(reasons.values())
        return totals

    def give_up(self, campaign: str, id_: str, attempt: int, now: int) -> None:
        """Write that a run failed, unless it has ended or another execution goes on with it."""
        def failed(run: Run) -> Run | None:
            if run.state != RUNNING or run.attempt != attempt:
                return None
            failure = run.failure or {"code": "broken_off", "message": "a step failed again and again: the workflow's execution "
                                      f"{run.execution} says how; then POST …/resume, which completes the run"}
            return run.become(FAILED, now, WORKFLOW, failure["code"], ended=now, failure=failure)
        run = self._runs.change(campaign, id_, failed)
        if run.state == FAILED:
            self._runs.end_turn(run)

    def remember(self, campaign: str, id_: str, error: SocleError) -> None:
        """Keep why a step can't be done, for the one that gives up."""
        def failing(run: Run) -> Run | None:
            return run.next(failure=error.to_json()["error"]) if run.state == RUNNING else None
        with contextlib.suppress(NotFound, Conflict):  # else there is nobody to tell
            self._runs.change(campaign, id_, failing)

    def _choose(self, run: Run, progress: Progress, now: int) -> tuple[Progress, Answer]:
        what = following(progress, now, run.is_forecast)
        if isinstance(what, Decide):
            decided = self._decide(run, progress, now)
            if not isinstance(decided, Progress):
                return decided
            progress, what = decided, following(decided, now)
        if isinstance(what, Send):
            events = progress.events + ROUND_EVENTS + CHUNK_EVENTS * len(what.chunks)
            return progress.next(events=events), _answer(SEND, chunks=what.chunks)
        if isinstance(what, HandOver):
            self._change(run, lambda one: one.next(handed_over=True))
            return progress, _answer(END)
        progress = progress.next(events=progress.events + ROUND_EVENTS)
        if isinstance(what, Wait):
            return progress, _answer(WAIT, until=what.until)
        return progress, _answer(FINISH)

    def _decide(self, run: Run, progress: Progress, now: int) -> Progress | tuple[Progress, Answer]:
        """The progress with the rest of the audience released to the winner; or what to do while there is none."""
        plan = self._files.read_json(key_of(run.campaign, run.id, PLAN))
        document = document_of(run, plan["document"])
        test = cast(Test, document.test)  # nobody else waits for a winner
        if not progress.decide_at:
            progress = progress.next(decide_at=now + milliseconds(test.wait))
        if now < progress.decide_at and not run.winner:
            return progress, _answer(WAIT, until=progress.decide_at)
        winner = run.winner
        if not winner:
            winner, reason = self._winner(run, list(document.templates), test, now)
            if not winner:
                decide_by = run.decide_by or now + milliseconds(test.fallback)
                self._change(run, lambda one: one.become(DECIDING, now, WORKFLOW, reason, decide_by=decide_by))
                return progress, _answer(END)
            after = self._change(run, lambda one: one if one.winner else one.become(
                RUNNING, now, WORKFLOW, reason, winner=winner, decide_by=None))
            if not after.winner:
                return progress, _answer(END)  # it has just been paused or cancelled
            winner = after.winner  # somebody may have chosen meanwhile
        return progress.with_chunks(self._release(run, released(progress, now), winner))

    def _winner(self, run: Run, variants: list[str], test: Test, now: int) -> tuple[str, str]:
        """(the winner, "" when somebody has to decide; why)."""
        standing = stand(variants, test.metric, self._counters.load(run.campaign, run.id))
        if run.decide_by is not None and now >= run.decide_by:
            return standing.best, f"nobody has decided: {standing.best} is ahead"
        if test.winner == "manual":
            return "", "the test is over: POST …/winner says who gets the rest"
        if not standing.is_decided(test.significance):
            return "", f"{standing.best} is ahead, but chance alone often looks like that (p = {standing.p:.3f}): POST …/winner"
        return standing.best, f"{standing.best} won (p = {standing.p:.3f})"

    def _release(self, run: Run, chunks: list[Chunk], winner: str) -> list[Chunk]:
        for chunk in chunks:
            data = self._files.read(key_of(run.campaign, run.id, REST_FILE.format(chunk.number)))
            if data is None:
                raise NotFound("no_such_chunk", "a part of the audience is not there any more: cancel the run")
            people = [one._replace(variant=winner) for one in unpack(data)]
            self._files.write(chunk_key(run.campaign, run.id, chunk.number), pack(people), "application/gzip")
        return chunks

    def _look_at(self, run: Run, progress: Progress, ended: Iterable[int]) -> Progress:
        """Count what became of the people of chunks that have ended; who is held is put into new ones."""
        counts, held = progress.counts, []
        for number in ended:
            rows = self._outcomes(run, number)
            counts = tally(counts, rows.values(), run.is_forecast)
            held += [(row["until"], Recipient(row["p"], row.get("v", "")), _place(row["p"])) for row in rows.values()
                     if row["o"] == WAS_HELD and not run.is_forecast]
        progress = progress.next(counts=counts)
        if not held:
            return progress
        new: list[Chunk] = []
        for made in held_again(held, self._files.read_json(key_of(run.campaign, run.id, PLAN))["size"]):
            new.append(held_chunk(progress.free + len(new), made))
            self._files.write(chunk_key(run.campaign, run.id, new[-1].number), pack(made[1]), "application/gzip")
        return progress.with_chunks(new)

    def _taken_up(self, run: Run, progress: Progress) -> Progress:
        """For a new execution: chunks go on where the last outcomes begin that are there, if that is further than was known."""
        last: dict[int, int] = {}
        for key in self._files.keys(key_of(run.campaign, run.id, "outcomes/")):
            number, _, position = key.rpartition("/")[2].removesuffix(".ndjson.gz").partition("-")
            last[int(number)] = int(position)
        begun = [chunk.next(position=max(chunk.position, last[chunk.number])) for chunk in progress.chunks.values()
                 if chunk.number in last and not chunk.done]
        return progress.with_chunks(begun).next(attempt=run.attempt, events=0, partial={})

    def _partial(self, run: Run, progress: Progress) -> dict[str, Any]:
        counts: dict[str, Any] = {}
        for chunk in progress.chunks.values():
            if chunk.position and not chunk.done:
                counts = tally(counts, self._outcomes(run, chunk.number).values())
        return counts

    def _outcomes(self, run: Run, number: int) -> dict[str, dict[str, Any]]:
        keys = self._files.keys(key_of(run.campaign, run.id, f"outcomes/{number:05}-"))
        return last_words(data for _, data in self._files.all(keys))

    def _change(self, run: Run, what: Callable[[Run], Run]) -> Run:
        """Change the run if it still is this execution's; the run as it is then."""
        def changed(one: Run) -> Run | None:
            if (one.state, one.attempt) != (RUNNING, run.attempt):
                return None
            after = what(one)
            return after if after != one else None
        return self._runs.change(run.campaign, run.id, changed)

    def _save(self, run: Run, progress: Progress) -> None:
        self._files.write(key_of(run.campaign, run.id, PROGRESS), progress.to_json())

    def _load(self, campaign: str, id_: str) -> Progress:
        return Progress.from_json(self._files.read_json(key_of(campaign, id_, PROGRESS)))


def _answer(go: str, chunks: Iterable[Chunk] = (), until: int | None = None) -> Answer:
    answer: Answer = {"go": go, "chunks": [{"chunk": chunk.number, "position": chunk.position} for chunk in chunks]}
    if until is not None:
        answer["until"] = f"{to_iso(-(-until // SECOND) * SECOND)[:19]}Z"  # Step Functions knows whole seconds
    return answer


def _place(profile: str) -> Place:
    return shard_of(profile), profile
