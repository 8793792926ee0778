"""What a run of RFM works with, in one deployment."""

from __future__ import annotations

from socle import clock
from socle.aws import client
from socle.definitions.store import DefinitionStore
from socle.events.store import EventStream
from socle.lake.store import LakeStore
from socle.rfm.model import DOCUMENT, KIND, RfmRules
from socle.rfm.service.people import LakePeople
from socle.rfm.service.run import RfmRun
from socle.rfm.store import RfmStore
from socle.settings import RfmSettings


def rfm_run(settings: RfmSettings) -> RfmRun:
    """Runs over this deployment's lake."""
    s3, definitions = client("s3"), DefinitionStore(client("dynamodb"), settings.definitions_table)

    def rules() -> RfmRules:
        found = definitions.current(KIND, DOCUMENT)
        return RfmRules.model_validate(found.document if found else {})

    return RfmRun(RfmStore(s3, settings.bucket), LakePeople(LakeStore(s3, settings.bucket)), EventStream(settings.stream_name),
                  rules, clock.wait)
