"""Replace attributes of moto for as long as the local machine runs, and put them back afterwards."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any


def replace(stack: ExitStack, owner: Any, name: str, value: Any) -> Any:
    """Set `owner.name` to `value` until `stack` closes; answers what was there (the raw attribute of a class)."""
    namespace = vars(owner)
    before = namespace.get(name)
    had = name in namespace

    def restore() -> None:
        if had:
            setattr(owner, name, before)
        else:
            delattr(owner, name)

    setattr(owner, name, value)
    stack.callback(restore)
    return before
