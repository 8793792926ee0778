"""The kinds of definition, each with the model that its documents must fit."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from socle.campaigns.model.document import KIND as CAMPAIGNS
from socle.campaigns.model.document import CampaignDocument
from socle.consent.topics import TOPICS, TopicDocument
from socle.coupons.model import KIND as COUPONS
from socle.coupons.model import CouponPool
from socle.definitions.identifiers import KIND as IDENTIFIERS
from socle.definitions.identifiers import IdentifierDocument
from socle.definitions.survivorship import SURVIVORSHIP, SurvivorshipDocument
from socle.definitions.webhooks import WebhookDocument
from socle.duplicates.model import KIND as DUPLICATE_RULES
from socle.duplicates.model import DuplicateRules
from socle.errors import NotFound, Rejected
from socle.exports.model.document import KIND as EXPORTS
from socle.exports.model.document import ExportDocument
from socle.forms.document import FORMS, SURVEYS, FormDocument, SurveyDocument
from socle.imports.model import Mapping as MappingDocument
from socle.journeys.model.document import KIND as JOURNEYS
from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.geofence import KIND as GEOFENCES
from socle.journeys.model.geofence import GeofenceDocument
from socle.messages.rules import KIND as SENDING_RULES
from socle.messages.rules import SendingRules
from socle.quality.model import KIND as QUALITY_RULES
from socle.quality.model import QualityRulesDocument
from socle.rfm.model import KIND as RFM_RULES
from socle.rfm.model import RfmRules
from socle.segments.document import COMPUTED, ComputedTrait, Segment
from socle.segments.document import KIND as SEGMENTS
from socle.sources.model import SourceDocument
from socle.templates.document import TEMPLATES, TemplateDocument
from socle.templates.shared import BLOCKS, BRAND, LAYOUTS, BlockDocument, BrandDocument, LayoutDocument

KINDS: Mapping[str, type[BaseModel]] = {
    "sources": SourceDocument,
    "webhooks": WebhookDocument,
    IDENTIFIERS: IdentifierDocument,
    SURVIVORSHIP: SurvivorshipDocument,
    QUALITY_RULES: QualityRulesDocument,
    "mappings": MappingDocument,
    DUPLICATE_RULES: DuplicateRules,
    RFM_RULES: RfmRules,
    EXPORTS: ExportDocument,
    SENDING_RULES: SendingRules,
    TOPICS: TopicDocument,
    SURVEYS: SurveyDocument,
    FORMS: FormDocument,
    SEGMENTS: Segment,
    COMPUTED: ComputedTrait,
    CAMPAIGNS: CampaignDocument,
    GEOFENCES: GeofenceDocument,
    JOURNEYS: JourneyDocument,
    TEMPLATES: TemplateDocument,
    BLOCKS: BlockDocument,
    LAYOUTS: LayoutDocument,
    BRAND: BrandDocument,
    COUPONS: CouponPool,
}

DEFAULT = "default"
OWN = "socle"
"""The source of our own events (socle.messages.events)."""
SINGLE = frozenset({SURVIVORSHIP, BRAND, SENDING_RULES, QUALITY_RULES, DUPLICATE_RULES, RFM_RULES})
"""Kinds with one document only, called `default`: it speaks of the whole workspace."""


def model_of(kind: str) -> type[BaseModel]:
    """The model of a kind. Raises NotFound that lists the kinds."""
    if kind not in KINDS:
        raise NotFound("unknown_kind", f"there is no kind {kind!r}: the kinds are {', '.join(KINDS)}")
    return KINDS[kind]


def check_name(kind: str, name: str) -> None:
    """Refuse another name than `default` where there is one document, and the one by which our own events are known: whoever
    sends with it could let anybody enter any journey. Raises Rejected."""
    if kind == "sources" and name == OWN:
        raise Rejected("reserved_name", f"{OWN} is the source of what Socle itself tells: choose another name", "name")
    if kind in SINGLE and name != DEFAULT:
        raise Rejected("bad_name", f"there is one {kind}, for all: write it to /api/{kind}/{DEFAULT}", "name")
