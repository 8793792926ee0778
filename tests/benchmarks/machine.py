"""What benchmarks ask of a local machine, and of the process that it lives in."""

from __future__ import annotations

import json
import resource
from typing import Any

from infra.local.http import ADMIN_TOKEN
from infra.local.machine import LocalMachine


def ask(machine: LocalMachine, method: str, path: str, body: Any = None) -> Any:
    """The answer of the admin API. Raises RuntimeError for a refusal."""
    status, _, answer = machine.request(method, "/api" + path, {"authorization": f"Bearer {ADMIN_TOKEN}"},
                                        b"" if body is None else json.dumps(body).encode())
    if status >= 300:
        raise RuntimeError(f"{method} {path}: {status} {answer[:500]!r}")
    return json.loads(answer)


def resident() -> float:
    """MB, the most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
