"""The lists of mutants beside this file: text that people read and change, and in which the killers are kept.

    # <module>                  the mutants below are of that module
    <what goes wrong>           the name of a mutant
    - <a line of the guard>     together they stand exactly once in the module; the first may begin anywhere in its line
    + <what stands there then>  nothing when the guard is just left out
    > <test>                    its killer, written by `python -m tests.mutants --search`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.mutants.model import Mutant

LISTS = sorted(Path(__file__).parent.glob("*.txt"))


def mutants() -> list[Mutant]:
    """All of them. Two of one name are an error."""
    found = [mutant for path in LISTS for mutant in _read(path.read_text())]
    names = [mutant.fault for mutant in found]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, f"give each mutant a name of its own: {twice}"
    return found


def keep(killers: Mapping[str, str]) -> None:
    """Write the killers of these faults into the lists; the others keep theirs."""
    for path in LISTS:
        blocks = path.read_text().rstrip("\n").split("\n\n")
        for place, block in enumerate(blocks):
            lines = block.split("\n")
            if lines[0] in killers and len(lines) > 1:
                lines = [line for line in lines if not line.startswith("> ")] + [f"> {killers[lines[0]]}"]
                blocks[place] = "\n".join(lines)
        path.write_text("\n\n".join(blocks) + "\n")


def _read(text: str) -> Iterator[Mutant]:
    """Blocks between blank lines; what stands before the first module is for people."""
    module = ""
    for block in text.rstrip("\n").split("\n\n"):
        fault, *lines = block.split("\n")
        if fault.startswith("# "):
            module = fault[2:]
        elif module:
            parts = {sign: "\n".join(line[2:] for line in lines if line[:2].rstrip() == sign) for sign in "-+>"}
            yield Mutant(fault, module, parts["-"], parts["+"], parts[">"])
