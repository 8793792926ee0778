"""What all tests share: hypothesis profiles (`HYPOTHESIS_PROFILE=trials` for many more examples), credentials of nobody."""

from __future__ import annotations

import gc
import os
from typing import Any

from hypothesis import HealthCheck, settings

# No timed tests: a slow machine is no bug. No chance: of the same code `make test` says the same; `make trials` searches on.
settings.register_profile("default", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("trials", parent=settings.get_profile("default"), derandomize=False, max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

os.environ |= {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1",
               "POWERTOOLS_METRICS_NAMESPACE": "Socle", "POWERTOOLS_SERVICE_NAME": "tests"}


_LONG = tuple(f"tests/{name}.py::" for name in (
    "mutants/test_mutants", "faults/test_on_moto", "faults/test_in_memory_too", "faults/test_in_memory", "test_least_privilege",
    "replay/test_workflow", "infra/test_app", "segments/differential/test_sql", "campaigns/test_forecast_and_run",
    "local/test_machine", "consumer/test_hard_cases"))
"""What takes longest, the longest first: begun last, one of them would go on when all other processes are idle."""


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """The longest first (the Makefile tells xdist to keep the order); the others as they are."""
    items.sort(key=lambda item: next((place for place, name in enumerate(_LONG) if item.nodeid.startswith(name)), len(_LONG)))


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the garbage collector need not look through it again and again (a third of the time)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What tests have counted, `record_property("summary", text)`, also those that other processes ran."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, text in getattr(report, "user_properties", ()):
                if name == "summary" and report.when == "call":
                    terminalreporter.write_line(text)
