"""Try every mutant of the core, and print each with the test that kills it: `python -m tests.mutants [--search] [words…]`."""

from __future__ import annotations

import argparse
import json
import os
import sys

from tests.mutants.catalogue import keep, mutants
from tests.mutants.model import Verdict
from tests.mutants.run import ROOT, run


def main() -> int:
    """0 when every mutant was killed."""
    options = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    options.add_argument("words", nargs="*", help="only mutants whose name or module has one of these")
    options.add_argument("--search", action="store_true", help="write killers that had to be looked for into the lists")
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants at a time")
    options.add_argument("--json", action="store_true", help="one line of JSON per mutant: [fault, module, killer, problem]")
    asked = options.parse_args()
    os.chdir(ROOT)
    chosen = [one for one in mutants() if not asked.words or any(word in f"{one.fault} {one.module}" for word in asked.words)]
    killers: dict[str, str] = {}
    told = 0

    def tell(verdict: Verdict) -> None:
        nonlocal told
        told += 1
        mutant, killer, problem = verdict
        if killer:
            killers[mutant.fault] = killer
            if asked.search and killer != mutant.killer:
                keep({mutant.fault: killer})
        if asked.json:
            print(json.dumps([mutant.fault, mutant.module, killer, problem]), flush=True)
        else:
            print(f"{told:4} of {len(chosen)}  {mutant.fault}\n{'':13}{problem or killer or 'SURVIVED'}", flush=True)

    def tell_unless_it_survived(verdict: Verdict) -> None:
        if verdict.killer or verdict.problem:
            tell(verdict)
        else:
            left.append(verdict.mutant)

    left = [mutant for mutant in chosen if not mutant.killer]
    status = run([mutant for mutant in chosen if mutant.killer], asked.jobs, tell_unless_it_survived, everywhere=False)
    if left and not status:
        print(f"{len(left)} have no killer yet, or it lets them pass: looking for one", file=sys.stderr)
        status = run(left, asked.jobs, tell, everywhere=True)
    print(f"mutants killed: {len(killers)} of {len(chosen)}", file=sys.stderr)
    return status or int(len(killers) < len(chosen))


sys.exit(main())
