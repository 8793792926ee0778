"""A step of an export to a webhook: send the rows of a part, as far as the time of one call goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client, translated
from socle.cached import Cached
from socle.effects import webhook
from socle.exports.service.deliver import Deliverer
from socle.exports.store import ExportFiles
from socle.settings import SendExportSettings

logger = Logger()
settings = SendExportSettings.from_env()
secrets = client("secretsmanager")


def _secret() -> bytes:
    with translated("the signing secret"):
        return str(secrets.get_secret_value(SecretId=settings.signing_secret_arn)["SecretString"]).encode()


deliverer = Deliverer(
    ExportFiles(client("s3"), settings.bucket), Path("/tmp"),  # noqa: S108 (Lambda's own disk)
    Cached(_secret, 15 * clock.MINUTE, clock.now), lambda *asked: webhook.exchange(*asked), clock.now, clock.wait)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"export", "run", "part"}` -> the same with `done`: False when it must be called again."""
    done = deliverer.deliver(event["export"], event["run"], event["part"], context.get_remaining_time_in_millis)
    return {"export": event["export"], "run": event["run"], "part": event["part"], "done": done}
