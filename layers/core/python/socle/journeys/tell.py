"""What happened to somebody in a journey, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from socle.iso import to_iso
from socle.journeys.model.entry import COMPLETED, FAILED, HOLDOUT, MERGED, MOVED, OVER, STOPPED, Entry
from socle.journeys.model.steps import END, Branch, CallWebhook, Exit, Hold, Send, Split, StartJourney, Step, Update
from socle.journeys.phrases import brief, duration, lasting

_GATE = {
    "no_profile": "there is no such person any more", "erased": "the person was erased",
    "already_sent": "this very message was sent before", "address_taken": "somebody else at this address got it",
    "no_address": "there is no address for this channel", "invalid_address": "the address can't be written to",
    "suppressed": "the address is suppressed, after a bounce or a complaint", "no_consent": "there is no consent to it",
    "unsubscribed": "they have unsubscribed", "not_confirmed": "they have not confirmed their subscription",
    "holdout": "they are in the holdout of all marketing", "frequency_cap": "they have had as many messages as they may",
    "quiet_hours": "it was in quiet hours", "no_content": "the template comes to nothing for them",
    "exited": "they had left the journey by then"}
_ENDS = {
    HOLDOUT: "Held out: they met what lets people enter, and get nothing, for the comparison.",
    COMPLETED: "Through: they came to the end.", MERGED: "Out: the person became one with another who is in it already.",
    OVER: "Out: they were inside for as long as the journey lasts.", STOPPED: "Out: the journey was stopped.",
    MOVED: "Moved to another version.", FAILED: "Out: their execution in Step Functions failed for good."}


def ended(entry: Entry) -> str:
    """Why an entry is over."""
    if entry.reason.startswith("exit:"):
        said = f"Out: the exit {entry.reason.removeprefix('exit:')!r} was met."
    else:
        said = _ENDS.get(entry.reason, f"Out: {entry.reason}.")
    return said + (f" The goal was reached at {to_iso(entry.goal)}." if entry.goal else "")


def skipped(reason: str) -> str:
    """Why nothing was sent."""
    code, _, more = reason.partition(":")
    known = _GATE.get(code.strip())
    return f"{known}{f' ({more.strip()})' if more.strip() else ''}" if known else reason


def happened(step: Step, outcome: str, detail: str) -> str:
    """What became of a step."""
    match outcome:
        case "sent":
            return f"Sent: {brief(step)}."
        case "skipped":
            return f"Not sent: {skipped(detail)}."
        case "unknown":
            return "Perhaps sent: the channel did not answer, so it is not tried again."
        case "failed":
            return f"Failed{f': {detail}' if detail else ''}."
        case "held":
            return f"Held until {_held(detail)}."
        case "way":
            return _way(step, detail)
        case "timed out":
            return f"None of it happened within {duration(step.timeout)}." if isinstance(step, Hold) else "Its time was over."
        case "waiting" | "holding":
            return f"Waiting until {detail}." if detail else "Waiting."
        case "waited":
            return "Waited."
        case "left":
            return "They left during this wait."
        case "parked":
            return f"Stopped here: {detail}."
        case "out" if not isinstance(step, Exit):
            return "Out of the journey by then."
        case _:
            return _done(step)


def waiting(journey: str, step: Step, outcome: str, detail: str, until: int | None, now: int, ways: Mapping[str, str],
            state: str) -> str:
    """What somebody waits for who is inside, and what follows."""
    when = f"at {to_iso(until)}, in {lasting(until - now)}" if until is not None and until > now else "at any moment"
    onward = _targets(ways)
    match outcome:
        case "parked" if detail.startswith("failed"):
            said = (f"Stopped at {step.name!r}, which failed ({detail.removeprefix('failed').lstrip(': ')}): "
                    f"POST /api/journeys/{journey}/redrive tries it again.")
        case "parked":
            said = f"Stopped at {step.name!r} because the journey is paused: POST /api/journeys/{journey}/resume lets them go on."
        case "held":
            said = f"Held at {step.name!r} {_why_held(detail)}; it goes on {when}."
        case "holding" if isinstance(step, Hold):
            said = f"In {step.name!r} until {' or '.join(step.ways())}; its time is over {when}. Then: {onward}."
        case "waiting":
            said = f"In {step.name!r}; it goes on {when}. Then: {onward}."
        case "ending":
            said = f"Through {step.name!r}, their last step: out at any moment."
        case _:
            said = f"About to do {step.name!r}."
    if state == "held" and outcome != "parked":
        said += " The journey is paused for everybody: they will stop at their next step."
    if state == "stopped":
        said += " The journey was stopped: they are out at their next step."
    return said


def _held(detail: str) -> str:
    return f"{detail.partition(' ')[0]}, {_why_held(detail)}"


def _why_held(detail: str) -> str:
    return "until it is the turn of this message: the channel has a rate" if detail.endswith(" turn") else "by quiet hours"


def _targets(ways: Mapping[str, str]) -> str:
    named = {way: "the end" if target == END else target for way, target in ways.items()}
    if len(set(named.values())) == 1:
        return next(iter(named.values()))
    return "; ".join(f"{way}: {target}" for way, target in named.items())


def _way(step: Step, way: str) -> str:
    match step:
        case Hold():
            return f"{way} happened."
        case Branch():
            return "No case held." if way == "otherwise" else f"The case {way!r} held."
        case Split():
            return f"By chance {way!r}, as always for this person."
        case _:
            return f"Went on by {way!r}."


def _done(step: Step) -> str:
    match step:
        case Update():
            return f"Changed: {brief(step)}."
        case CallWebhook():
            return f"Told {brief(step).removeprefix('to ')}."
        case StartJourney():
            return f"Asked into {brief(step)}."
        case Exit():
            return f"The end: {step.reason}."
        case Send():
            return f"Done: {brief(step)}."
        case _:
            return "Done."
