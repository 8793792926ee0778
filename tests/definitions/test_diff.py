"""The difference between two documents says exactly how to get from one to the other."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.definitions.diff import diff

documents = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab~/", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab~/", max_size=2), inner, max_size=3), max_leaves=8)


@pytest.mark.parametrize(("before", "after", "expected"), [
    ({}, {}, []),
    ({"a": 1}, {"a": 1}, []),
    ({"a": 1}, {"a": 2}, [{"path": "/a", "op": "replace", "from": 1, "to": 2}]),
    ({"a": 1}, {"b": 1}, [{"path": "/a", "op": "remove", "from": 1}, {"path": "/b", "op": "add", "to": 1}]),
    ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3, 4]}}, [{"path": "/a/b/1", "op": "replace", "from": 2, "to": 3},
                                                     {"path": "/a/b/2", "op": "add", "to": 4}]),
    ({"a": None}, {}, [{"path": "/a", "op": "remove", "from": None}]),
    ({"a/b~c": 1}, {"a/b~c": 2}, [{"path": "/a~1b~0c", "op": "replace", "from": 1, "to": 2}]),
    ({"a": 1}, {"a": True}, [{"path": "/a", "op": "replace", "from": 1, "to": True}]),
    ({"a": []}, {"a": {}}, [{"path": "/a", "op": "replace", "from": [], "to": {}}]),
])
def test_differences_are_named(before: Any, after: Any, expected: Any) -> None:
    assert diff(before, after) == expected


@given(documents)
def test_a_document_does_not_differ_from_itself(document: Any) -> None:
    assert diff(document, copy.deepcopy(document)) == []


@given(documents, documents)
def test_applying_the_difference_gives_the_other_document(before: Any, after: Any) -> None:
    result = copy.deepcopy(before)
    changes = diff(before, after)
    # Removals from the back, so that none moves what another names; what is new comes last, in order.
    for change in [one for one in reversed(changes) if one["op"] != "add"] + [one for one in changes if one["op"] == "add"]:
        result = apply(result, change)
    assert diff(result, after) == []


def apply(document: Any, change: dict[str, Any]) -> Any:
    if change["path"] == "":
        return copy.deepcopy(change["to"])
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in change["path"].split("/")[1:]]
    place = document
    for part in parents:
        place = place[int(part) if isinstance(place, list) else part]
    if isinstance(place, list):
        index = int(last)
        if change["op"] == "remove":
            del place[index]
        elif index < len(place):
            place[index] = copy.deepcopy(change["to"])
        else:
            place.append(copy.deepcopy(change["to"]))
    elif change["op"] == "remove":
        del place[last]
    else:
        place[last] = copy.deepcopy(change["to"])
    return document
