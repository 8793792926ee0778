"""What a receiver has after deltas that were overtaken, broken off or meant for somebody else equals the segment."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from socle.exports.model.run import RUNNING, Run
from tests.exports.lake import NOW, Way, consent


class Receivers:
    """Systems that do what deltas say: address -> id -> plan."""

    def __init__(self) -> None:
        self.have: dict[str, dict[str, str]] = {}

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> Any:
        mine = self.have.setdefault(url, {})
        for row in json.loads(body)["rows"]:
            if row["change"] == "removed":
                mine.pop(row["id"], None)
            else:
                mine[row["id"]] = row["traits.plan"]
        return SimpleNamespace(status=200, body=b"")


def plans(**people: str) -> dict[str, dict[str, Any]]:
    return {name: {"traits": {"plan": plan}} for name, plan in people.items()}


def to(way: Way, url: str) -> None:
    way.define(fields=["id", "traits.plan"], mode="delta", destination={"type": "webhook", "url": url})


def test_what_a_run_sent_before_it_broke_off_is_put_right_by_the_next_one(tmp_path: Path) -> None:
    receivers, url = Receivers(), "https://a.example/in"
    way = Way(tmp_path, receivers.post)
    to(way, url)
    way.lake.write(plans(a="1", b="1", e="1"))
    way.run()
    way.lake.write(plans(a="2", c="1", d="1", e="1"))
    broken = way.begin()
    for part in way.planner.plan("out", broken, NOW)["parts"]:
        way.writer.write("out", broken, part)
        way.deliverer.deliver("out", broken, part, lambda: 900_000)
    way.finisher.give_up("out", broken, NOW)
    assert receivers.have[url] == {"a": "2", "c": "1", "d": "1", "e": "1"}
    way.lake.write(plans(a="1", b="1", d="1", e="1"))
    second = way.run()
    assert receivers.have[url] == {"a": "1", "b": "1", "d": "1", "e": "1"}
    assert second["counts"]["changes"] == {"added": 0, "changed": 3, "removed": 1, "unchanged": 1}
    assert way.run()["counts"]["rows"] == 0


def test_a_new_destination_gets_everybody(tmp_path: Path) -> None:
    receivers = Receivers()
    way = Way(tmp_path, receivers.post)
    way.lake.write(plans(a="1"))
    for url in ("https://a.example/in", "https://b.example/in"):
        to(way, url)
        assert way.run()["is_first"]
        assert receivers.have[url] == {"a": "1"}


def test_a_run_that_began_later_comes_later_whenever_it_was_due(tmp_path: Path) -> None:
    way = Way(tmp_path)
    way.define(fields=["id"], mode="delta")
    way.lake.write({"a": {}, "b": {}})
    way.run()

    def begin(id_: str, started: int) -> str:
        way.runs.take_turn("out", id_, None)
        way.runs.save(Run(id_, "out", RUNNING, "hand", started, version=1))
        return id_

    way.lake.write({"a": {}, "c": {}})
    way.go(begin("20260601t060010-00000000", NOW + 1))  # by hand
    scheduled = way.go(begin("20260601t060000-00000000", NOW + 2))  # looked for every five minutes
    assert scheduled["counts"]["changes"] == {"added": 0, "changed": 0, "removed": 0, "unchanged": 2}


def test_an_audience_does_not_keep_an_address_that_somebody_has_no_more(tmp_path: Path) -> None:
    way = Way(tmp_path)
    way.define(layout="google_customer_match", mode="delta", purpose={"channel": "email"})
    lines = []
    for address in ("old@x.example", "new@x.example"):
        way.lake.write({"a": {"identifiers": {"email": [address]}, "consent": [consent("subscribed")]}})
        manifest = way.run()
        lines.append(way.bytes_of(manifest).decode().splitlines()[1])
    assert [file["file"] for file in manifest["files"]] == ["change=added/part-000.csv", "change=removed/part-000.csv"]
    assert way.bytes_of(manifest, 1).decode().splitlines()[1] == lines[0]
    assert manifest["counts"]["changes"] == {"added": 0, "changed": 1, "removed": 0, "unchanged": 0}
