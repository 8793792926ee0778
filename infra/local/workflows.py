"""Step Functions as moto runs them, with one client for each service instead of a new one (30 ms) for each task."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from functools import cache
from typing import Any

from moto.stepfunctions.parser.asl.utils import boto_client

from infra.local.patching import replace


def install(stack: ExitStack) -> None:
    """Patch moto until `stack` closes."""
    original = boto_client.boto_client_for

    @cache
    def of_service(region: str, service: str) -> Any:
        return original(region, service)

    def kept(region: str, service: str, state_credentials: Any = None) -> Any:
        """moto gives every task the same rights, whatever credentials it names."""
        return of_service(region, service)

    # A service integration is imported when a workflow first needs it; it takes its name from here.
    for module in [module for name, module in sys.modules.items() if name.startswith("moto.stepfunctions.")]:
        if vars(module).get("boto_client_for") is original:
            replace(stack, module, "boto_client_for", kept)
