"""The difference between two JSON documents, as a list that people can read."""

from __future__ import annotations

from typing import Any


def diff(before: Any, after: Any, path: str = "") -> list[dict[str, Any]]:
    """What turns `before` into `after`, in order of path.

    Each entry is `{"path", "op": "add" | "remove" | "replace", "from"?, "to"?}`. Paths are JSON pointers (RFC 6901),
    "" for the whole document. Lists are compared place by place. `1` and `true` differ, `1` and `1.0` do not.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        out: list[dict[str, Any]] = []
        for key in sorted({*before, *after}):
            place = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
            if key not in after:
                out.append({"path": place, "op": "remove", "from": before[key]})
            elif key not in before:
                out.append({"path": place, "op": "add", "to": after[key]})
            else:
                out.extend(diff(before[key], after[key], place))
        return out
    if isinstance(before, list) and isinstance(after, list):
        out = []
        for index in range(max(len(before), len(after))):
            place = f"{path}/{index}"
            if index >= len(after):
                out.append({"path": place, "op": "remove", "from": before[index]})
            elif index >= len(before):
                out.append({"path": place, "op": "add", "to": after[index]})
            else:
                out.extend(diff(before[index], after[index], place))
        return out
    if before == after and isinstance(before, bool) == isinstance(after, bool):
        return []
    return [{"path": path, "op": "replace", "from": before, "to": after}]
