"""Run tests against mutants: collect once, then fork for each mutant, put it in place there and see which test fails.

First the happy path, which a mutant must pass, or it shows nothing; then its killer of last time; and if that one passes,
every test of its context and of what runs all contexts together, the quickest first.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import settings

from tests.mutants.model import Mutant, Verdict
from tests.mutants.swap import Misplaced, swap

ROOT = Path(__file__).resolve().parents[2]
HAPPY_PATH = ("tests/mutants/test_happy_path.py", "tests/mutants/test_happy_path_at_the_edge.py")
CORE = ("profiles", "consumer", "identity", "effects", "lake", "timers", "quarantine", "failed", "sources", "events",
        "functions", "api", "replay", "faults")
"""Directories of the tests that may kill; the slow ones come last."""
ALONE = ("tests/test_aws.py",)
CLOSE = CORE[:6]
"""What one of these does wrong is best seen by the tests of them all."""
EDGE = ("sources", "quarantine", "failed", "events")
"""Contexts with a happy path of their own."""
PATIENCE = 300
"""Seconds after which a test that goes on and on has told the mutant from the code as well."""


class Trials:
    """A pytest plugin that tries mutants instead of running the tests that were collected."""

    def __init__(self, mutants: Sequence[Mutant], jobs: int, tell: Callable[[Verdict], None], everywhere: bool) -> None:
        self._mutants = mutants
        self._everywhere = everywhere
        self._jobs = jobs
        self._tell = tell
        self._seconds: dict[str, float] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Failed("the tests can't be collected")
        happy = [item for item in session.items if item.nodeid.startswith(HAPPY_PATH)]
        self._must_pass(session, happy)
        if self._everywhere:
            self._must_pass(session, [item for item in session.items if not _slowness(item)])
        gc.collect()
        gc.freeze()  # what is loaded is shared by all: nobody need look through it again, and copy it by that
        waiting = list(reversed(self._mutants))
        live: dict[int, tuple[Mutant, int]] = {}
        while waiting or live:
            while waiting and len(live) < self._jobs:
                mutant = waiting.pop()
                pid, answer = self._fork(session, mutant)
                live[pid] = mutant, answer
            pid, _ = os.wait()
            mutant, answer = live.pop(pid)
            with open(answer) as said:
                killer, problem = json.loads(said.read() or '["", "its process died"]')
            if self._everywhere and killer and not self._passes(session, killer):
                killer, problem = "", f"{killer} fails with it, and without it as well"
            self._tell(Verdict(mutant, killer, problem))
        return True

    def _must_pass(self, session: pytest.Session, items: Sequence[pytest.Item]) -> None:
        """Without any mutant these tests pass; how long they take says in which order they are tried."""
        for item in items:
            begun = time.process_time()
            failed = _first_failure([item])
            self._seconds[item.nodeid] = time.process_time() - begun
            if failed is not None:
                print(f"it fails without any mutant: {failed}", file=sys.stderr)
                raise session.Failed("a test fails without any mutant")

    def _passes(self, session: pytest.Session, test: str) -> bool:
        """Whether a new killer passes without any mutant, where it failed with one."""
        pid = os.fork()
        if not pid:
            _be_silent()
            os._exit(int(_first_failure([item for item in session.items if item.nodeid == test]) is not None))
        return os.waitpid(pid, 0)[1] == 0

    def _fork(self, session: pytest.Session, mutant: Mutant) -> tuple[int, int]:
        """(process id, where it writes its answer)."""
        answer, said = os.pipe()
        pid = os.fork()
        if pid:
            os.close(said)
            return pid, answer
        _be_silent()
        try:
            outcome = self._try(session, mutant, said)
        except BaseException as error:
            outcome = "", repr(error)
        _say(said, *outcome)
        raise AssertionError("not reached")

    def _try(self, session: pytest.Session, mutant: Mutant, said: int) -> tuple[str, str]:
        """(killer, problem) of a mutant, in this process."""
        try:
            swap(mutant)
        except (Misplaced, SyntaxError) as error:
            return "", str(error)
        happy = {item for item in session.items if item.nodeid.startswith(HAPPY_PATH)}
        cloud = _cloud_of(mutant.module)
        failed = _first_failure([item for item in session.items if item in happy
                                 and (not _is_in_the_cloud(item) or (cloud and item.nodeid.startswith(cloud)))])
        if failed is not None:
            return "", f"it fails the happy path: {failed}"
        for item in self._suspects(session, mutant, happy):
            _stop_at_the_end_of_patience(said, item.nodeid)
            if _first_failure([item]) is not None:
                return item.nodeid, ""
        return "", ""

    def _suspects(self, session: pytest.Session, mutant: Mutant, happy: set[pytest.Item]) -> Iterator[pytest.Item]:
        last = mutant.killer
        yield from (item for item in session.items if item.nodeid == last)
        if not self._everywhere:
            return
        context = mutant.module.split(".")[1]
        near = [f"tests/{one}/" for one in ((context, "api") if context in EDGE else CLOSE)] + [f"tests/test_{context}.py"]
        far = {f"tests/{one}/" for one in CORE[:CORE.index("functions")]} - {*near}
        others = [item for item in session.items
                  if item.nodeid != last and item not in happy and not item.nodeid.startswith(tuple(far))]
        yield from sorted(others, key=lambda item: (_slowness(item), not item.nodeid.startswith(tuple(near)),
                                                    self._seconds.get(item.nodeid, 0)))


def _be_silent() -> None:
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(silence, stream)


def _slowness(item: pytest.Item) -> int:
    """Plain examples first: they are quick, and say best what is wrong. Then random ones, then those of whole functions."""
    if item.nodeid.split("/")[1] in CORE[CORE.index("functions"):]:
        return 2
    return int(hasattr(getattr(item, "obj", None), "hypothesis") or "interleavings" in item.nodeid)


def _cloud_of(module: str) -> str:
    """The happy path in the cloud that a store's mutant must pass, "" for what works in memory as it does there."""
    parts = module.split(".")
    if parts[1] in EDGE:
        return HAPPY_PATH[1] if parts[1] != "events" or parts[-1] == "store" else ""
    return HAPPY_PATH[0] if parts[-1] in ("store", "items", "aws") else ""


def _is_in_the_cloud(item: pytest.Item) -> bool:
    return "[cloud]" in item.nodeid or "cloud" in getattr(item, "fixturenames", ())


def _first_failure(items: Sequence[pytest.Item]) -> str | None:
    """The first test that fails, and the last line of why."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        for report in runtestprotocol(item, nextitem=following, log=False):
            if report.failed:
                return f"{item.nodeid}: {report.longreprtext.splitlines()[-1]}"
    return None


def _stop_at_the_end_of_patience(said: int, test: str) -> None:
    def stop(*_: Any) -> None:
        _say(said, test, "")

    signal.signal(signal.SIGXCPU, stop)
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(PATIENCE)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + PATIENCE // 2, resource.RLIM_INFINITY))


def _say(said: int, *outcome: str) -> None:
    os.write(said, json.dumps(outcome)[:60_000].encode())
    os._exit(0)


def run(mutants: Sequence[Mutant], jobs: int, tell: Callable[[Verdict], None], everywhere: bool) -> int:
    """Try mutants, `jobs` at a time; `tell` hears each verdict as it falls. Answers pytest's exit code: 0 when all were tried.

    everywhere  whether a killer is looked for in all the tests of the core, or among the killers of last time only
    """
    # The same examples each time, none kept and none made smaller: a killer is to kill, not to explain.
    settings.register_profile("mutants", database=None, derandomize=True, deadline=None,
                              phases=[phase for phase in settings.default.phases if phase.name in ("explicit", "generate")])
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    folders = [*ALONE, *(f"tests/{name}" for name in CORE if (ROOT / "tests" / name).is_dir())]
    if not everywhere:
        killers = {mutant.killer.partition("::")[0] for mutant in mutants}
        folders = sorted(killer for killer in killers if (ROOT / killer).is_file())
    return int(pytest.main(["-o", "addopts=", "-p", "no:terminal", "-p", "no:cacheprovider", "--import-mode=importlib",
                            "-s", "--rootdir", str(ROOT), *HAPPY_PATH, *folders],
                           plugins=[Trials(mutants, jobs, tell, everywhere)]))
