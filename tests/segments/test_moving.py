"""What time alone can do to a membership: never denied where a flip is announced."""

from __future__ import annotations

from typing import Any

import pytest

from socle.segments.document import Segment
from socle.segments.moving import BOTH, STAYS, Moves, moves
from socle.segments.plan import Plans

RECENT = {"type": "event", "event": "A", "window": {"within": "1d"}}
ENTERS, LEAVES = Moves(True, False), Moves(False, True)


def trait(test: dict[str, Any]) -> dict[str, Any]:
    return {"type": "trait", "trait": "born", "test": test}


@pytest.mark.parametrize(("when", "expected"), [
    ({"type": "everyone"}, STAYS),
    ({"type": "event", "event": "A"}, STAYS),
    ({"type": "event", "event": "A", "window": {"since": "2026-01-01"}}, STAYS),
    (RECENT, LEAVES),
    ({"type": "not", "of": RECENT}, ENTERS),
    ({**RECENT, "count": {"op": "eq", "value": 1}}, BOTH),
    (trait({"op": "eq", "value": "x"}), STAYS),
    (trait({"op": "before", "value": "2026-01-01"}), STAYS),
    (trait({"op": "within_last", "duration": "1d"}), BOTH),
    (trait({"op": "more_than_ago", "duration": "1d"}), ENTERS),
    (trait({"op": "anniversary", "period": "week"}), BOTH),
    ({"type": "all", "of": [RECENT, trait({"op": "more_than_ago", "duration": "1d"})]}, BOTH),
    ({"type": "sequence", "steps": [{"event": "A"}], "without": {"event": "B", "within": "1h"}}, ENTERS),
    ({"type": "sequence", "steps": [{"event": "A"}, {"event": "B"}], "window": {"within": "1d"}}, LEAVES),
    ({"type": "aggregate", "function": "sum", "of": "n", "window": {"within": "1d"}, "test": {"op": "gt", "value": 1}}, BOTH),
    ({"type": "changed", "trait": "plan", "within": "1d"}, LEAVES),
    ({"type": "lifecycle", "stages": ["lapsed"]}, ENTERS),
    ({"type": "lifecycle", "stages": ["lapsing"]}, BOTH),
], ids=lambda value: value["type"] if isinstance(value, dict) else "")
def test_what_time_alone_may_do(when, expected):
    found = moves(Plans({"s": Segment.model_validate({"when": when}).model_dump(mode="json")}, {}).segment("s"))
    assert found.enters >= expected.enters
    assert found.leaves >= expected.leaves
    if expected == STAYS:
        assert found == STAYS
