"""What chunks are sent with, built on first use and kept while the function is warm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socle import clock
from socle.aws import client
from socle.campaigns.store import Counters, RunFiles, RunStore
from socle.messages.service.chunks import ChunkWorker, Plan, ask_of
from socle.messages.service.prepare import Prepared, prepare
from socle.messages.service.stand import found
from socle.settings import SendSettings

settings = SendSettings.from_env()
foundation = found(settings, clock.now)
stand = foundation.stand
dynamodb = client("dynamodb")


def _open(content: Mapping[str, Any]) -> Plan:
    """The plan of a run as its worker obeys it. Raises Rejected when a template can't be rendered."""
    document, topic, dry = content["document"], content.get("topic"), content["mode"] == "forecast"
    contents = {variant: Prepared(frozen, topic["document"] if topic else None, stand)
                for variant, frozen in content["templates"].items()}
    channel = next(iter(contents.values())).compiled.channel
    ask = ask_of(content, channel)
    throttle = document.get("throttle")
    pace = foundation.pace(channel, content["campaign"], throttle["per_minute"] / 60 if throttle else None)
    shown = {"name": content["campaign"], "run": content["run"]}
    sending = prepare(stand, contents, ask.purpose, shown, document.get("utm"), dry=dry)
    return Plan(ask, contents, foundation.rules, dry, sending, pace)


_opened: dict[tuple[str, str], Plan] = {}


def open_plan(content: Mapping[str, Any]) -> Plan:
    """The last run's plan stays open: its templates are compiled once for many chunks."""
    name = (content["campaign"], content["run"])
    if name not in _opened:
        _opened.clear()
        _opened[name] = _open(content)
    return _opened[name]


worker = ChunkWorker(RunFiles(client("s3"), settings.bucket), RunStore(dynamodb, settings.definitions_table),
                     Counters(dynamodb, settings.definitions_table), open_plan, clock.now, clock.wait)
