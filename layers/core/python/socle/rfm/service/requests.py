"""Who asks: the newest report, a run that is started, what became of it."""

from __future__ import annotations

from typing import Any, Protocol

from socle.errors import NotFound
from socle.rfm.store import RfmStore


class Runs(Protocol):
    """Starts runs."""

    def start(self, name: str, document: dict[str, Any]) -> None: ...

    def state(self, name: str) -> str | None: ...


class Rfm:
    """RFM for readers, and the way to start a run."""

    def __init__(self, store: RfmStore, runs: Runs) -> None:
        self._store = store
        self._runs = runs

    def latest(self) -> dict[str, Any]:
        """The newest report. Raises NotFound before the first."""
        found = self._store.latest()
        if found is None:
            raise NotFound("no_report", "no customers were scored yet: POST /api/rfm/run, or wait for the next morning")
        return found

    def start(self, run: str) -> dict[str, Any]:
        """Start a run under the name `run`. What it answers is not asked for: a run may be unknown for a moment."""
        self._runs.start(run, {})
        return {"run": run, "state": "running", "result": None}

    def read(self, run: str) -> dict[str, Any]:
        """`{"run", "state", "result"}`, the result None until it succeeded. Raises NotFound."""
        state = self._runs.state(run)
        if state is None:
            raise NotFound("unknown_run", "there is no such run: POST /api/rfm/run starts one", "run")
        return {"run": run, "state": state, "result": self._store.report(run) if state == "succeeded" else None}
