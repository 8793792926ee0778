"""Send one message to one person now: called by serve_admin for POST /api/messages, and waited for."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle.errors import SocleError
from socle.messages.service.single import Request
from socle.workflows.store import refusal

from .collaborators import singles

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """The fields of a Request -> `{"answer"}`, or `{"refused"}` for what the caller should know."""
    try:
        return {"answer": singles.send(Request(**event))}
    except SocleError as error:
        return refusal(error)
