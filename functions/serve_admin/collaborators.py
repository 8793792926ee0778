"""What the routes work with, each built on first use, so that a request pays only for what it needs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path

import boto3
from botocore.config import Config

from socle import clock
from socle.accounts.service import Accounts, AccountWriter
from socle.accounts.store import AccountStore
from socle.aws import translated
from socle.campaigns.model.document import KIND as CAMPAIGNS
from socle.catalogue.service import Listing
from socle.catalogue.store import CatalogueStore
from socle.definitions.identifiers import KIND as IDENTIFIERS
from socle.definitions.identifiers import rules_of as identity_rules
from socle.definitions.kinds import DEFAULT, KINDS
from socle.definitions.model import Definition
from socle.definitions.service import Definitions
from socle.definitions.survivorship import SURVIVORSHIP, rules_of
from socle.duplicates.model import OPEN
from socle.duplicates.service.review import Review
from socle.duplicates.store import CandidateStore
from socle.effects.store import EffectQueue
from socle.effects.webhook import signing_secret
from socle.erasures.store import ErasureStore
from socle.events.group import records
from socle.events.model import Event
from socle.events.store import EventStream
from socle.events.tail import Tail, tail
from socle.exports.service.requests import Exports
from socle.exports.store import ExportFiles
from socle.exports.store import RunStore as ExportRunStore
from socle.failed.service import FailedBatches
from socle.failed.store import FailedStore
from socle.identity.service.graph import IdentityGraph
from socle.imports.service.preview import Preview
from socle.imports.service.requests import Imports
from socle.imports.store import ImportFiles, RunStore
from socle.items.store import ItemStore
from socle.lake.store import LakeStore, RawStore
from socle.profiles.service import Profiles
from socle.profiles.store import ProfileStore
from socle.profiles.survivorship import Survivorship
from socle.quality.model import DOCUMENT as QUALITY_RULES
from socle.quality.model import KIND as QUALITY_KIND
from socle.quality.model import QualityRulesDocument
from socle.quality.service import ProfileQuality, Quality
from socle.quality.validity import normalise
from socle.quarantine.service import Quarantine
from socle.quarantine.store import QuarantineStore
from socle.recompute.store import RecomputeStore
from socle.rfm.service.requests import Rfm
from socle.rfm.store import RfmStore
from socle.segments.accounts import asked, looks_at_accounts
from socle.segments.document import COMPUTED
from socle.segments.document import KIND as SEGMENTS
from socle.segments.service.accounts import AccountFacts
from socle.segments.service.checks import Checks
from socle.segments.service.explanations import Explanations
from socle.segments.service.members import Memberships
from socle.segments.store import MembershipStore, PreviewFunction
from socle.settings import AdminSettings
from socle.sources.model import KIND
from socle.sources.service import WriteKeys
from socle.sources.store import KeyStore
from socle.workflows.store import Workflow

from .campaign_services import CampaignServices
from .clients import CONFIG
from .consent_services import ConsentServices
from .journey_services import JOURNEYS, JourneyServices
from .report_services import ReportServices
from .template_services import TemplateServices

_MANY_BYTES = 1 << 30
"""Makes `records` look at the sizes of the events themselves."""


class Collaborators(CampaignServices, ConsentServices, JourneyServices, ReportServices, TemplateServices):
    """The services of one deployment."""

    @cached_property
    def profiles(self) -> Profiles:
        return Profiles(ProfileStore(self._dynamodb, self._settings.profiles_table),
                        ErasureStore(self._s3, self._settings.bucket), self._survivorship, self.memberships,
                        self.explanations, self.standings)

    @cached_property
    def memberships(self) -> Memberships:
        return Memberships(MembershipStore(self._dynamodb, self._settings.profiles_table), self._definition_store,
                           ProfileStore(self._dynamodb, self._settings.profiles_table))

    @cached_property
    def explanations(self) -> Explanations:
        return Explanations(self._definition_store, lambda: clock.now())

    @cached_property
    def identity(self) -> IdentityGraph:
        return IdentityGraph(ProfileStore(self._dynamodb, self._settings.profiles_table),
                             lambda: identity_rules(self._definition_store.list_current(IDENTIFIERS)),
                             RawStore(self._s3, self._settings.bucket).save_moved)

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(self._account_store, ProfileStore(self._dynamodb, self._settings.profiles_table))

    @cached_property
    def account_writer(self) -> AccountWriter:
        return AccountWriter(self._account_store, self.account_facts)

    @cached_property
    def account_facts(self) -> AccountFacts:
        profiles = ProfileStore(self._dynamodb, self._settings.profiles_table)
        return AccountFacts(self._account_store, profiles, self._stream, lambda: asked(self._definition_store.list_current),
                            clock.now, EffectQueue(self._sqs, self._settings.effects_queue_url))

    @cached_property
    def definitions(self) -> Definitions:
        return Definitions(self._definition_store, {
            **self.among_templates(), **self.among_topics(), **self.among_journeys(), SEGMENTS: self.checks,
            COMPUTED: self.checks, CAMPAIGNS: self.campaign_checks})

    @cached_property
    def checks(self) -> Checks:
        return Checks(self._definition_store, list(KINDS), self._seen)

    @cached_property
    def keys(self) -> WriteKeys:
        return WriteKeys(KeyStore(self._settings.definitions_table, self._dynamodb), self._is_enabled)

    @cached_property
    def quarantine(self) -> Quarantine:
        return Quarantine(QuarantineStore(self._s3, self._settings.bucket), self._publish)

    @cached_property
    def failed(self) -> FailedBatches:
        return FailedBatches(FailedStore(self._s3, self._settings.bucket), self._stream.put)

    @cached_property
    def quality(self) -> Quality:
        return Quality(self._quality_store, Workflow(boto3.client("stepfunctions", config=CONFIG),
                                                     self._settings.quality_machine))

    @cached_property
    def profile_quality(self) -> ProfileQuality:
        return ProfileQuality(ProfileStore(self._dynamodb, self._settings.profiles_table), self.profiles, self._quality_rules,
                              normalise, self._open_duplicates)

    @cached_property
    def imports(self) -> Imports:
        return Imports(RunStore(self._dynamodb, self._settings.definitions_table), self._import_files, self._definition_store,
                       Workflow(boto3.client("stepfunctions", config=CONFIG), self._settings.import_machine_arn))

    @cached_property
    def exports(self) -> Exports:
        return Exports(ExportRunStore(self._dynamodb, self._settings.definitions_table),
                       ExportFiles(self._linking_s3, self._settings.bucket), self._definition_store,
                       Workflow(boto3.client("stepfunctions", config=CONFIG), self._settings.export_machine))

    @cached_property
    def preview(self) -> Preview:
        return Preview(self.imports, self._import_files, Path("/tmp"))  # noqa: S108 (Lambda's own disk)

    @cached_property
    def duplicates(self) -> Review:
        profiles = ProfileStore(self._dynamodb, self._settings.profiles_table)
        return Review(CandidateStore(self._dynamodb, self._settings.definitions_table), profiles, self.identity,
                      Workflow(boto3.client("stepfunctions", config=CONFIG), self._settings.duplicates_machine))

    @cached_property
    def rfm(self) -> Rfm:
        return Rfm(RfmStore(self._s3, self._settings.bucket),
                   Workflow(boto3.client("stepfunctions", config=CONFIG), self._settings.rfm_machine))

    @cached_property
    def lake(self) -> LakeStore:
        return LakeStore(self._s3, self._settings.bucket)

    @cached_property
    def compactions(self) -> Workflow:
        return Workflow(boto3.client("stepfunctions", config=CONFIG), self._settings.lake_machine)

    @cached_property
    def recompute_runs(self) -> Workflow:
        return Workflow(boto3.client("stepfunctions", config=CONFIG), self._settings.recompute_machine)

    @cached_property
    def recomputes(self) -> RecomputeStore:
        return RecomputeStore(self._s3, self._settings.bucket)

    @cached_property
    def segment_previews(self) -> PreviewFunction:
        # It takes seconds, and trying again would take as many: the client waits as long as API Gateway does.
        patient = CONFIG.merge(Config(read_timeout=27, retries={"mode": "standard", "total_max_attempts": 1}))
        return PreviewFunction(boto3.client("lambda", config=patient), self._settings.preview_function)

    @cached_property
    def items(self) -> ItemStore:
        return ItemStore(self._dynamodb, self._settings.definitions_table)

    @cached_property
    def catalogue(self) -> Listing:
        return Listing(CatalogueStore(self._s3, self._settings.bucket), self._quality_store.filled, self._all_definitions)

    def clear(self, kind: str, name: str) -> None:
        """Before a definition is written: finish a deletion that broke off, so that a new one inherits nothing."""
        if kind == KIND and self._is_enabled(name) is None:
            self.keys.follow(name, clock.now())
        self._finish_deletion(kind, name)

    def follow(self, kind: str, name: str) -> None:
        """After a definition was written or deleted, changed or not: bring what depends on it into line."""
        if kind == KIND:
            self.keys.follow(name, clock.now())
        self._finish_deletion(kind, name)
        if kind in (SEGMENTS, COMPUTED) and self._looks_at_accounts(kind, name):
            self.account_facts.announce()
        if kind == JOURNEYS:
            self.publishing.follow(name, clock.now())

    def tail(self, source: str, limit: int) -> Tail:
        """The last events of a source, by the real clock: the stream stamps records with it, also on a local machine."""
        return tail(self._kinesis, self._settings.stream_name, source, limit, now=time.time_ns() // 1_000_000)

    def webhook_secret(self, name: str) -> str:
        """The secret that webhook `name` is signed with."""
        return signing_secret(self._signing_master, name)

    def _is_enabled(self, source: str) -> bool | None:
        found = self._definition_store.current(KIND, source)
        return None if found is None else bool(found.document["enabled"])

    def _survivorship(self) -> Survivorship:
        found = self._definition_store.current(SURVIVORSHIP, DEFAULT)
        return rules_of([found] if found else [])

    def _looks_at_accounts(self, kind: str, name: str) -> bool:
        found = self._definition_store.current(kind, name)
        return found is not None and looks_at_accounts(self._definition_store.list_current, found)

    def _finish_deletion(self, kind: str, name: str) -> None:
        if kind == SEGMENTS and self._definition_store.current(kind, name) is None:
            self.memberships.clear(name)

    def _publish(self, events: Sequence[Event]) -> None:
        self._stream.put(records(events, [], _MANY_BYTES))

    def _quality_rules(self) -> QualityRulesDocument:
        found = self._definition_store.current(QUALITY_KIND, QUALITY_RULES)
        return QualityRulesDocument.model_validate(found.document if found else {})

    def _open_duplicates(self, profile: str) -> int | None:
        store = CandidateStore(self._dynamodb, self._settings.definitions_table)
        if store.report() is None:
            return None
        return sum(one.state == OPEN for one in store.load(store.of_profile(profile)).values())

    def _all_definitions(self) -> list[Definition]:
        return [one for kind in KINDS for one in self._definition_store.list_current(kind)]

    @cached_property
    def _import_files(self) -> ImportFiles:
        return ImportFiles(self._linking_s3, self._settings.bucket)

    @cached_property
    def _stream(self) -> EventStream:
        return EventStream(self._settings.stream_name, self._kinesis)

    @cached_property
    def _account_store(self) -> AccountStore:
        return AccountStore(self._dynamodb, self._settings.profiles_table)

    @cached_property
    def _signing_master(self) -> bytes:
        client = boto3.client("secretsmanager", config=CONFIG)
        with translated("the signing secret"):
            return str(client.get_secret_value(SecretId=self._settings.signing_secret_arn)["SecretString"]).encode()


@cache
def get() -> Collaborators:
    """The collaborators of this process."""
    return Collaborators(AdminSettings.from_env())
