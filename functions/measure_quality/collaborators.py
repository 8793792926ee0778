"""What a survey works with, in one deployment."""

from __future__ import annotations

from collections import Counter

from socle.aws import client
from socle.catalogue.service import by_source
from socle.catalogue.store import CatalogueStore
from socle.definitions.store import DefinitionStore
from socle.duplicates.model import OPEN
from socle.duplicates.store import CandidateStore
from socle.events.store import EventStream
from socle.profiles.store import ProfileStore
from socle.quality.cleanup import SOURCE
from socle.quality.model import DOCUMENT, KIND, QualityRulesDocument
from socle.quality.service import Survey
from socle.quality.store import QualityStore
from socle.quality.validity import normalise
from socle.settings import QualitySettings


def survey(settings: QualitySettings) -> Survey:
    """Surveys of this deployment's profiles."""
    dynamodb, s3 = client("dynamodb"), client("s3")
    definitions, catalogue = DefinitionStore(dynamodb, settings.definitions_table), CatalogueStore(s3, settings.bucket)
    candidates = CandidateStore(dynamodb, settings.definitions_table)

    def rules() -> QualityRulesDocument:
        found = definitions.current(KIND, DOCUMENT)
        return QualityRulesDocument.model_validate(found.document if found else {})

    def sources() -> dict[str, dict[str, int]]:
        return {name: counts for name, counts in by_source(catalogue.load()[0]).items() if name != SOURCE}

    def duplicates() -> dict[str, int] | None:
        if candidates.report() is None:
            return None
        return Counter(profile for pair in candidates.ids(OPEN) for profile in pair.split("-"))

    return Survey(QualityStore(s3, settings.bucket), ProfileStore(dynamodb, settings.profiles_table),
                  EventStream(settings.stream_name), rules, normalise, sources, duplicates)
