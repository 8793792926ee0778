"""The lake's two views over events that a test makes up, as tables of DuckDB; and who is in a segment, by both executions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
from pydantic import BaseModel

from socle.events.model import Event
from socle.lake.columns import EVENTS, expression
from socle.profiles.fold import fold
from socle.profiles.model import Snapshot
from socle.profiles.orders import ORDER_EVENTS, currency_of, standing, worth
from socle.profiles.view import profile_view
from socle.segments.document import ComputedTrait, Segment
from socle.segments.evaluate import evaluate
from socle.segments.facts import person_of, properties_of
from socle.segments.nodes import Node
from socle.segments.plan import Plans
from socle.segments.sql.compile import compile_segments
from socle.segments.sql.run import members_here
from socle.segments.watches import watches

Given = Mapping[str, Any]
_EVENTS = ('profile VARCHAR, "at" BIGINT, received BIGINT, type VARCHAR, name VARCHAR, source VARCHAR, message_id VARCHAR, '
           "part INTEGER, order_id VARCHAR, currency VARCHAR, amount BIGINT, properties VARCHAR, context VARCHAR")
_PROFILES = ("profile VARCHAR, version BIGINT, first_seen BIGINT, last_seen BIGINT, event_count BIGINT, traits VARCHAR, "
             "identifiers VARCHAR, consent VARCHAR, orders VARCHAR, events VARCHAR, accounts VARCHAR[], locale VARCHAR, "
             "timezone VARCHAR, given VARCHAR, segments VARCHAR, evaluated BIGINT, due BIGINT")


class Lake:
    """People by their events and given values; `members` asks who is in."""

    def __init__(self, people: Mapping[str, Sequence[Event]], given: Mapping[str, Given] | None = None,
                 computed: Mapping[str, Any] | None = None, snapshots: Mapping[str, Snapshot] | None = None) -> None:
        self.people = people
        self.given = given or {}
        self.computed = {name: _stored(ComputedTrait, document) for name, document in (computed or {}).items()}
        self.connection = duckdb.connect(config={"threads": 1})
        self.snapshots = snapshots or {profile: fold(Snapshot(), events) for profile, events in people.items()}
        self.connection.execute(f"CREATE TABLE event ({_EVENTS})")
        self.connection.execute(f"CREATE TABLE person ({_PROFILES})")
        rows = [event_row(profile, event) for profile, events in people.items() for event in standing(events)]
        if rows:
            self.connection.executemany(f"INSERT INTO event VALUES ({', '.join('?' * 13)})", rows)
        if people:
            self.connection.executemany(f"INSERT INTO person VALUES ({', '.join('?' * 17)})",
                                        [self._person_row(profile) for profile in people])

    def members(self, when: Mapping[str, Any], now: int, zone: str = "UTC", **segments: Any) -> str:
        """Who is in a segment with this condition, by SQL, with spaces between them; evaluate must say the same."""
        documents = {name: _stored(Segment, {"when": one, "timezone": zone}) for name, one in {**segments, "asked": when}.items()}
        plans = Plans(documents, self.computed)
        return " ".join(sorted(self.ask({"asked": plans.segment("asked")}, now)["asked"]))

    def ask(self, nodes: Mapping[str, Node], now: int) -> dict[str, set[str]]:
        """Who is in each."""
        compiled = compile_segments(nodes, now)
        for view, table, json_column in (("events", "event", "properties"), ("profiles", "person", "traits")):
            typed = "".join(f", {expression(one, json_column)} AS {one.quoted}" for one in compiled.columns
                            if (one.table == EVENTS) == (view == "events"))
            self.connection.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT *{typed} FROM {table}")
        found = members_here(self.connection, compiled.sql, compiled.names)
        assert found == self._by_person(nodes, now)
        return found

    def _by_person(self, nodes: Mapping[str, Node], now: int) -> dict[str, set[str]]:
        seen = watches(nodes.values())
        people = [person_of(profile, self.snapshots[profile], self.given.get(profile, {}), seen, standing(events))
                  for profile, events in self.people.items()]
        return {name: {one.profile for one in people if evaluate(node, one, now).true} for name, node in nodes.items()}

    def _person_row(self, profile: str) -> list[Any]:
        snapshot = self.snapshots[profile]
        view = profile_view(profile, snapshot)
        texts = [json.dumps(view[name], ensure_ascii=False) for name in ("traits", "identifiers", "consent", "orders", "events")]
        seen = snapshot.events > 0
        return [profile, 1, snapshot.first_seen if seen else None, snapshot.last_seen if seen else None, snapshot.events, *texts,
                view["accounts"], view["locale"], view["timezone"],
                json.dumps(self.given.get(profile, {}), ensure_ascii=False), "{}", 0, None]


def _stored(model: type[BaseModel], document: Mapping[str, Any]) -> dict[str, Any]:
    return model.model_validate(document).model_dump(mode="json")


def event_row(profile: str, event: Event) -> list[Any]:
    """An event as a row of the view."""
    order = event.name in ORDER_EVENTS and event.type == "track"
    properties, paid = properties_of(event), worth(event)
    return [profile, event.at, event.received, event.type, event.name, event.source, event.message_id,
            properties.get("part") or 1 if order else 1, properties.get("order_id"), currency_of(event) if order else None,
            paid[1] if paid else None, json.dumps(properties, ensure_ascii=False), "{}"]
