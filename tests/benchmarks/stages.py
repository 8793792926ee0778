"""Where the consumer's time goes: functions and store methods wrapped from outside, in runs of their own.

A stage's time is without that of the stages within it, so the stages add up to the whole.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from socle.consumer.service import Consumer
from socle.events import stream
from socle.identity.service import place
from socle.lake import raw
from socle.lake.store import RawStore
from socle.profiles import codec, decide
from socle.profiles.store import ProfileStore
from socle.segments import live

REST = "rest"
FUNCTIONS: dict[str, tuple[Callable[..., Any], ...]] = {
    "decode": (stream.decode,),
    "claim": (place.place,),
    "decide": (decide.decide,),
    "segments": (live.follow,),
    "encode": (codec.encode_aggregate, codec.encode_entries, codec.entry_of),
    "raw": (raw.encode_raw,),
}
METHODS: dict[str, tuple[tuple[type, str], ...]] = {
    "claim": tuple((ProfileStore, name) for name in ("owners", "claim", "claim_each", "bind", "erased", "free")),
    "load": ((ProfileStore, "load"), (ProfileStore, "load_pages")),
    "put": ((ProfileStore, "save"), (ProfileStore, "save_each"), (ProfileStore, "save_together")),
    "raw": ((RawStore, "save"),),
    REST: ((Consumer, "apply"),),
}
STAGES = ("decode", "claim", "load", "decide", "segments", "encode", "put", "raw", REST)
"""claim: identifiers looked up, claimed, people told apart. segments: followed, with what they remember. put: aggregates and
pages. rest: loops, grouping, outboxes."""


class Stages:
    """`seconds` and `calls` by stage; `clock` says how much CPU was used."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.seconds: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self._clock = clock
        self._open: list[str] = []
        self._since = 0.0

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, with its time noted."""

        def wrapper(*args: Any, **options: Any) -> Any:
            self._switch()
            self._open.append(stage)
            self.calls[stage] += 1
            try:
                return function(*args, **options)
            finally:
                self._switch()
                self._open.pop()

        return wrapper

    def _switch(self) -> None:
        now = self._clock()
        if self._open:
            self.seconds[self._open[-1]] += now - self._since
        self._since = now

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While it is open, every module of socle calls the wrapped functions."""
        with ExitStack() as stack:
            for stage, functions in FUNCTIONS.items():
                for function in functions:
                    wrapped = self.timed(stage, function)
                    for module, name in _uses(function):
                        stack.enter_context(patch.object(module, name, wrapped))
            for stage, methods in METHODS.items():
                for owner, name in methods:
                    stack.enter_context(patch.object(owner, name, self.timed(stage, getattr(owner, name))))
            yield


def overhead(clock: Callable[[], float], calls: int = 20_000) -> float:
    """CPU seconds that noting one call takes."""
    function = Stages(clock).timed("none", lambda: None)
    started = time.process_time()
    for _ in range(calls):
        function()
    return (time.process_time() - started) / calls


def _uses(function: Callable[..., Any]) -> list[tuple[Any, str]]:
    modules = [module for name, module in sys.modules.items() if name.startswith("socle.")]
    return [(module, name) for module in modules for name, value in vars(module).items() if value is function]
