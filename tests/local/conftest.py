"""One machine for all tests that only need it running; who moves its clock or breaks it takes another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.machine import LocalMachine, local_machine


@pytest.fixture(scope="module")
def machine() -> Iterator[LocalMachine]:
    with local_machine() as running:
        yield running
