"""The steps of a compaction of the lake: plan, scatter, link, depart, gather, publish."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.definitions.store import DefinitionStore
from socle.lake.columns import Column
from socle.lake.service import Compaction
from socle.lake.store import LakeStore
from socle.segments.document import COMPUTED, KIND
from socle.segments.inputs import columns_in_use
from socle.settings import CompactSettings

logger = Logger()
settings = CompactSettings.from_env()
store, definitions = LakeStore(client("s3"), settings.bucket), DefinitionStore(client("dynamodb"), settings.definitions_table)


def _columns() -> set[Column]:
    segments, computed = ({one.name: one.document for one in definitions.list_current(kind)} for kind in (KIND, COMPUTED))
    return columns_in_use(segments, computed)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"run", "step": "plan"}` -> `{"chunks", "work"}`; `{…, "step": "scatter" or "depart" or "gather", "task"}` -> nothing;
    `{…, "step": "link"}` -> `{"departs", "groups"}`; `{…, "step": "publish"}` -> what the run came to."""
    def connect(disk: Path) -> Any:
        import duckdb  # 60 MB, and not every step needs it

        # The rest is for Python, and for what DuckDB doesn't count.
        memory = int(context.memory_limit_in_mb) * 7 // 10
        return duckdb.connect(config={"memory_limit": f"{memory}MB", "temp_directory": str(disk / "duckdb")})

    compaction, run = Compaction(store, connect, _columns), event["run"]
    with tempfile.TemporaryDirectory() as directory:
        disk = Path(directory)
        match event["step"]:
            case "plan":
                return compaction.plan(run, clock.now())
            case "scatter":
                compaction.scatter(run, event["task"], disk)
            case "link":
                return compaction.link(run, disk)
            case "depart":
                compaction.depart(run, event["task"], disk)
            case "gather":
                compaction.gather(run, event["task"], disk)
            case _:
                logger.info("done", extra={"report": (report := compaction.publish(run, clock.now()))})
                return report
    return {}
