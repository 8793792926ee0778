"""Second step of an import: the rows of some buckets become events on the stream."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.accounts.service import AccountWriter
from socle.accounts.store import AccountStore
from socle.aws import client
from socle.definitions.store import DefinitionStore
from socle.errors import Rejected
from socle.events.store import EventStream
from socle.imports.service.convert import Converter
from socle.imports.service.finish import remember_failure
from socle.imports.store import ImportFiles, RunStore
from socle.items.store import ItemStore
from socle.profiles.store import ProfileStore
from socle.segments.accounts import asked
from socle.segments.service.accounts import AccountFacts
from socle.settings import ConvertImportSettings

logger = Logger()
settings = ConvertImportSettings.from_env()
dynamodb = client("dynamodb")
runs = RunStore(dynamodb, settings.definitions_table)
stream, definitions = EventStream(settings.stream_name), DefinitionStore(dynamodb, settings.definitions_table)
accounts = AccountStore(dynamodb, settings.profiles_table)
facts = AccountFacts(accounts, ProfileStore(dynamodb, settings.profiles_table), stream,
                     lambda: asked(definitions.list_current), clock.now)
converter = Converter(runs, ImportFiles(client("s3"), settings.bucket), stream,
                      ItemStore(dynamodb, settings.definitions_table),
                      AccountWriter(accounts, facts), clock.wait)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"run", "buckets"}` -> nothing: what they came to is kept in the table."""
    try:
        converter.convert(event["run"], event["buckets"], clock.now())
    except Rejected as error:
        remember_failure(runs, event["run"], error)
        raise
    return {}
