"""Every mutant of the core is killed: each guard is held by a test that fails without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.mutants.catalogue import mutants
from tests.mutants.model import Mutant
from tests.mutants.run import ROOT
from tests.mutants.swap import Misplaced, swap


def test_every_mutant_is_killed(record_property: Callable[[str, object], None]) -> None:
    """In a process of its own, which forks; `python -m tests.mutants` prints the same as a table."""
    paths = os.pathsep.join((str(ROOT), str(ROOT / "layers/core/python")))
    done = subprocess.run([sys.executable, "-m", "tests.mutants", "--json", "--jobs", "1"], cwd=ROOT, check=False, text=True,
                          capture_output=True, env={**os.environ, "PYTHONPATH": paths})
    verdicts = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    killed = [fault for fault, _, killer, problem in verdicts if killer and not problem]
    record_property("summary", f"mutants killed: {len(killed)} of {len(mutants())}")
    assert [f"{fault} ({module}): {problem or 'no test fails: write one, or take the guard out'}"
            for fault, module, killer, problem in verdicts if fault not in killed] == [], done.stderr
    assert len(verdicts) == len(mutants()), done.stdout + done.stderr


def test_a_mutant_moves_with_its_code_or_says_that_it_cannot() -> None:
    with pytest.raises(Misplaced, match="0 times instead of once"):
        swap(Mutant("nothing", "socle.iso", "there is no such text", ""))
    with pytest.raises(Misplaced, match="times instead of once"):
        swap(Mutant("nothing", "socle.iso", "return", ""))
    with pytest.raises(Misplaced, match="no function and no assignment"):
        swap(Mutant("nothing", "socle.iso", "from datetime import UTC", "import UTC"))
