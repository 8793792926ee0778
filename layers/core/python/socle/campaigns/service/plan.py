"""First step of a run: freeze what is sent and to whom, cut into chunks. Planning again finds the plan that is there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice, takewhile
from typing import Any, Protocol

from socle.campaigns.audience import Cut, Member, cut, without
from socle.campaigns.files import last_words, pack
from socle.campaigns.model.document import KIND, ONLY, At, CampaignDocument, Now
from socle.campaigns.model.progress import REST, REST_FILE, Place, Progress
from socle.campaigns.model.run import FOLLOW_UP, PLAN, PROGRESS, RESEND, Run, chunk_key, key_of
from socle.campaigns.pace import chunk_size
from socle.campaigns.store import RunFiles, RunStore
from socle.definitions.model import Definition
from socle.errors import NotFound, Rejected
from socle.messages.model import Message, message_key
from socle.messages.outcome import WAS_FAILED, WAS_SENT
from socle.messages.quiet import zone_of
from socle.messages.rules import KIND as RULES
from socle.messages.rules import SendingRules
from socle.profiles.model import Aggregate
from socle.segments.membership import Membership
from socle.segments.store import SHARDS, shard_of

FORECAST_MODE, SEND_MODE, RESEND_MODE = "forecast", "send", "resend"
_PAGE = 4_000
_PEOPLE = 500


class Definitions(Protocol):
    """Where documents come from."""

    def current(self, kind: str, name: str) -> Definition | None: ...


class Members(Protocol):
    """Who is in a segment, in order."""

    def members(self, segment: str, limit: int, shard: int = 0,
                after: str = "") -> tuple[list[Membership], tuple[int, str] | None]: ...


class People(Protocol):
    """Profiles."""

    def load(self, profiles: Iterable[str], fresh: bool = True) -> dict[str, Aggregate]: ...


class Ledger(Protocol):
    """What became of messages."""

    def load(self, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Message]: ...


class Planner:
    """Plans runs. `freeze(template)` answers it with all that it is made of, JSON-ready."""

    def __init__(self, runs: RunStore, files: RunFiles, definitions: Definitions, members: Members, people: People,
                 ledger: Ledger, freeze: Callable[[str], Mapping[str, Any]]) -> None:
        self._runs = runs
        self._files = files
        self._definitions = definitions
        self._members = members
        self._people = people
        self._ledger = ledger
        self._freeze = freeze

    def plan(self, run: Run, now: int) -> Progress:
        """The run's progress before anything is sent; what is needed to send is in the bucket by then.

        Raises NotFound for what the definitions do not have any more.
        """
        plan = self._read(run, PLAN)
        if plan is None:
            plan = self._make(run, now)
            self._files.write(key_of(run.campaign, run.id, PLAN), json.dumps(plan).encode())  # last: it says that all is there
        if run.audience is None:
            document = document_of(run, plan["document"])
            choices = tuple(document.templates) if document.test is not None else ()
            self._runs.change(run.campaign, run.id, lambda one: None if one.audience is not None
                              else one.next(audience=plan["audience"], choices=choices))
        return Progress.from_json(self._read(run, PROGRESS))

    def _make(self, run: Run, now: int) -> dict[str, Any]:
        found = self._definition(KIND, run.campaign)
        document = document_of(run, found.document)
        topic = self._definition("topics", document.topic) if document.topic else None
        company = rules_of(self._definitions).timezone
        templates = {variant: self._freeze(template) for variant, template in document.templates.items()}
        _check_channels([template["document"]["channel"] for template in templates.values()], topic)
        size = chunk_size(self._about(run, document), document.throttle.per_minute
                          if document.throttle and not run.is_forecast else None)
        plan = Cut(run.campaign, run.occurrence, document, size, now, company, run.is_forecast)
        chunks = []
        for chunk, recipients in cut(self._audience(run, document), plan):
            key = key_of(run.campaign, run.id, REST_FILE.format(chunk.number)) if chunk.phase == REST else chunk_key(
                run.campaign, run.id, chunk.number)
            self._files.write(key, pack(recipients), "application/gzip")
            chunks.append(chunk)
        self._files.write(key_of(run.campaign, run.id, PROGRESS), Progress({}).with_chunks(chunks).to_json())
        return {"campaign": run.campaign, "run": run.id, "occurrence": run.occurrence, "mode": _mode(run),
                "document": document.model_dump(mode="json"), "version": found.version, "templates": templates,
                "topic": {"name": topic.name, "document": topic.document} if topic else None, "planned_at": now,
                "audience": sum(chunk.people for chunk in chunks), "size": size}

    def _audience(self, run: Run, document: CampaignDocument) -> Iterator[Member]:
        if run.kind == RESEND:
            return self._of_run(run, document, WAS_FAILED, lambda _: True)
        if run.kind == FOLLOW_UP:
            key = message_key(f"campaign/{run.campaign}", self._runs.load(run.campaign, run.of).occurrence)
            return self._of_run(run, document, WAS_SENT, lambda found: not (found.opened or found.clicked), key)
        people = without(self._places(document.segment), [self._places(segment) for segment in document.exclude])
        if isinstance(document.schedule, At) and document.schedule.local and not run.is_forecast:
            return self._with_zones(people)
        return (Member(place) for place in people)

    def _places(self, segment: str) -> Iterator[Place]:
        place: tuple[int, str] | None = (0, "")
        while place is not None:
            found, place = self._members.members(segment, _PAGE, *place)
            yield from ((shard_of(one.profile), one.profile) for one in found)

    def _about(self, run: Run, document: CampaignDocument) -> int:
        """How many people it will be, about: a sixteenth of the members says enough for the size of chunks."""
        if run.of:
            return self._runs.load(run.campaign, run.of).audience or 0
        return SHARDS * sum(1 for _ in takewhile(lambda place: place[0] == 0, self._places(document.segment)))

    def _with_zones(self, people: Iterator[Place]) -> Iterator[Member]:
        while some := list(islice(people, _PEOPLE)):
            found = self._people.load([profile for _, profile in some], fresh=False)
            for place in some:
                one = found.get(place[1])
                yield Member(place, zone_of(one.snapshot, "") if one else "")

    def _of_run(self, run: Run, document: CampaignDocument, outcome: str, is_meant: Callable[[Message], bool],
                key: str = "") -> Iterator[Member]:
        """People of the run that this one follows: those with an outcome and, with `key`, a row in the ledger that is meant."""
        found: dict[str, str] = {}
        for rows in outcomes_by_chunk(self._files, run.campaign, run.of):
            some = {profile: row.get("v", ONLY) for profile, row in rows.items() if row["o"] == outcome}
            if key:
                ledger = self._ledger.load([(profile, key) for profile in some])
                some = {profile: variant for profile, variant in some.items()
                        if (profile, key) in ledger and is_meant(ledger[profile, key])}
            found.update(some)
        for shard, profile in sorted((shard_of(profile), profile) for profile in found):
            variant = found[profile]
            yield Member((shard, profile), "", variant if variant in document.templates else None)

    def _definition(self, kind: str, name: str) -> Definition:
        found = self._definitions.current(kind, name)
        if found is None:
            raise NotFound("unknown_definition", f"{kind}/{name} was deleted: GET /api/{kind} lists what there is; change the "
                           "campaign, and launch it again", kind)
        return found

    def _read(self, run: Run, name: str) -> Any:
        return self._files.read_json(key_of(run.campaign, run.id, name))


def document_of(run: Run, document: Mapping[str, Any]) -> CampaignDocument:
    """What a run sends, and how: one that follows another goes to people of that one, at once."""
    found = CampaignDocument.model_validate(document)
    if run.kind not in (RESEND, FOLLOW_UP):
        return found
    found = found.model_copy(update={"test": None, "warm_up": None, "schedule": Now(), "exclude": ()})
    return found.model_copy(update={"template": run.template, "variants": ()}) if run.template else found


def outcomes_by_chunk(files: RunFiles, campaign: str, run: str) -> Iterator[dict[str, dict[str, Any]]]:
    """Profile → the outcome of each chunk's people, chunk by chunk."""
    keys: list[str] = []
    for key in files.keys(key_of(campaign, run, "outcomes/")):
        if keys and _chunk_in(keys[-1]) != _chunk_in(key):
            yield last_words(data for _, data in files.all(keys))
            keys = []
        keys.append(key)
    if keys:
        yield last_words(data for _, data in files.all(keys))


def _check_channels(channels: list[str], topic: Definition | None) -> None:
    """A template may have been written anew since the campaign was saved."""
    other = next((channel for channel in channels if channel != channels[0]), None)
    if other or (topic is not None and channels[0] not in topic.document["channels"]):
        raise Rejected("other_channel", f"a template is for {other or channels[0]} now, " + (
            f"the first one for {channels[0]}" if other else "the topic is not") + ": mend the campaign, and launch it again")


def rules_of(definitions: Definitions) -> SendingRules:
    """The sending rules as they are now."""
    found = definitions.current(RULES, "default")
    return SendingRules.model_validate(found.document if found else {})


def _chunk_in(key: str) -> str:
    return key.rpartition("/")[2].partition("-")[0]


def _mode(run: Run) -> str:
    return FORECAST_MODE if run.is_forecast else RESEND_MODE if run.kind == RESEND else SEND_MODE
