"""A mutant: the code with one of its guards taken out. What kills it shows that the guard is tested."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """One small change of one module.

    fault   what goes wrong because of it; the name of the mutant
    module  dotted name
    old     the guard, as text that stands exactly once in the module
    new     what stands there instead
    killer  the test that killed it last time, "" when nobody looked yet
    """

    fault: str
    module: str
    old: str
    new: str
    killer: str = ""


class Verdict(NamedTuple):
    """What became of a mutant.

    killer   the test that failed because of it, "" when none did: the mutant survived
    problem  why it is no mutant at all: its text is not there, or it fails the happy path already
    """

    mutant: Mutant
    killer: str = ""
    problem: str = ""
