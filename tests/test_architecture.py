"""The shape of the code: who may import whom, where time and chance come from, how large a room may get.

Each failure names the file and says what to do about it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "layers/core/python"
CODE = sorted([*ROOT.glob("layers/**/*.py"), *ROOT.glob("functions/**/*.py"), *ROOT.glob("infra/**/*.py")])

TOP_LEVEL = {"pyproject.toml", "README.md", "cdk.json", "Makefile", "LICENSE", "infra", "functions", "layers", "tests"}
PRODUCED = {"cdk.out", "node_modules"}

MODULE_LINES = 300
HANDLER_LINES = 60
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}

CLOCK_AND_CHANCE = {"time", "random", "secrets", "uuid"}
MAY_ASK_THEM = {"socle/clock.py", "socle/ids.py"}
"""And stores: they wait between attempts."""

WORLD = {"boto3", "botocore", "urllib3", "http", "socket"}
MAY_TALK_TO_IT = {
    "socle/aws.py": "says what botocore's errors mean, for every store",
    "socle/effects/webhook.py": "posts webhooks",
    "socle/events/tail.py": "reads the stream for the live tail",
}

KINDS = {"model": "model", "store": "store", "service": "service"}
"""Module names with a role; every other module of a context is a verb."""


class Import(NamedTuple):
    """One imported module, with the file and line where it is imported."""

    file: Path
    line: int
    module: str

    @property
    def top(self) -> str:
        return self.module.split(".")[0]

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} imports {self.module}"


def imports(file: Path) -> Iterator[Import]:
    """Every module the file imports, anywhere in it; `from a import b` counts as a.b where that is a module."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(file, node)
            for alias in node.names:
                inner = f"{module}.{alias.name}"
                yield Import(file, node.lineno, inner if _is_module(inner) else module)


def _absolute(file: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    base = CORE if file.is_relative_to(CORE) else ROOT
    package = file.relative_to(base).parts[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def _is_module(name: str) -> bool:
    path = Path(*name.split("."))
    return any((base / path).with_suffix(".py").exists() or (base / path).is_dir() for base in (CORE, ROOT))


def kind(module: str) -> str | None:
    """What socle.<context>.<name> is: model, verb, store or service; None for what stands beside the contexts."""
    parts = module.split(".")
    if parts[0] != "socle" or len(parts) < 3:
        return None
    return KINDS.get(parts[2], "verb")


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(CORE).with_suffix("").parts)


def in_core() -> list[Path]:
    return [file for file in CODE if file.is_relative_to(CORE)]


def handlers() -> list[Path]:
    return sorted(ROOT.glob("functions/*/handler.py"))


def test_nothing_that_is_deployed_imports_the_stack_or_the_tests() -> None:
    deployed = [file for file in CODE if not file.is_relative_to(ROOT / "infra")]
    wrong = [str(i) for file in deployed for i in imports(file) if i.top in {"infra", "tests"}]
    assert not wrong, f"move what is shared into socle: {wrong}"


def test_the_stack_knows_socle_only_by_its_settings() -> None:
    stack = [f for f in CODE if f.is_relative_to(ROOT / "infra") and not f.is_relative_to(ROOT / "infra/local")]
    wrong = [str(i) for file in stack for i in imports(file) if i.top == "socle" and i.module != "socle.settings"]
    assert not wrong, f"the stack reads names from socle.settings and nothing else of the domain: {wrong}"


def test_functions_import_socle_and_no_other_function() -> None:
    for file in CODE:
        if not file.is_relative_to(ROOT / "functions"):
            continue
        own = ".".join(file.relative_to(ROOT).parts[:2])
        wrong = [str(i) for i in imports(file) if i.top == "functions" and not f"{i.module}.".startswith(f"{own}.")]
        assert not wrong, f"what two functions need belongs into socle: {wrong}"
        absolute = [
            f"{file.relative_to(ROOT)}:{node.lineno}"
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").startswith("functions")
        ]
        assert not absolute, f"in Lambda there is no package `functions`; write `from . import …`: {absolute}"


def test_only_stores_know_the_world() -> None:
    wrong = [
        str(i)
        for file in in_core()
        for i in imports(file)
        if i.top in WORLD and file.name != "store.py" and file.relative_to(CORE).as_posix() not in MAY_TALK_TO_IT
    ]
    assert not wrong, f"put the call into the store.py of its context and pass the store as an argument: {wrong}"


def test_imports_go_one_way_model_verbs_service() -> None:
    wrong = []
    for file in in_core():
        here = kind(name_of(file))
        if here is None:
            continue
        for found in imports(file):
            there = kind(found.module)
            if there is None or found.module == name_of(file):
                continue
            same_context = found.module.split(".")[1] == name_of(file).split(".")[1]
            if here == "model" and there != "model" and same_context:
                wrong.append(f"{found}: a model knows nouns only; move the verb out of it")
            elif here != "service" and there == "service":
                wrong.append(f"{found}: only functions and services use services; turn the call around")
            elif here == "verb" and there == "store":
                wrong.append(f"{found}: a verb is pure; let the service load, and pass what it loaded")
    assert not wrong, wrong


def test_contexts_do_not_import_each_other_in_a_circle() -> None:
    edges: dict[str, set[str]] = {}
    for file in in_core():
        here = name_of(file)
        edges[here] = {i.module for i in imports(file) if i.top == "socle" and i.module != here}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        if module in path:
            circle = " -> ".join((*path, module))
            pytest.fail(f"a circle of imports; move the shared noun into the lower model: {circle}")
        if module not in done:
            for target in sorted(edges.get(module, ())):
                visit(target, (*path, module))
            done.add(module)

    for module in sorted(edges):
        visit(module, ())


def test_time_and_chance_come_in_as_arguments() -> None:
    wrong = []
    for file in in_core():
        if file.relative_to(CORE).as_posix() in MAY_ASK_THEM or file.name in {"store.py", "tail.py"}:
            continue
        wrong += [str(i) for i in imports(file) if i.top in CLOCK_AND_CHANCE]
        wrong += [
            f"{file.relative_to(ROOT)}:{node.lineno} calls {node.attr}()"
            for node in ast.walk(ast.parse(file.read_text()))
            if (isinstance(node, ast.Attribute) and node.attr in {"utcnow", "today", "urandom"})
            or (isinstance(node, ast.Attribute) and node.attr == "now"
            and isinstance(node.value, ast.Name) and node.value.id in {"datetime", "date"})
        ]
    assert not wrong, f"take `now` and ids as arguments; handlers read socle.clock and socle.ids: {wrong}"


def test_the_top_level_holds_what_was_agreed() -> None:
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - PRODUCED
    assert found <= TOP_LEVEL, f"put it into one of the four folders: {sorted(found - TOP_LEVEL)}"
    assert found >= TOP_LEVEL, f"missing: {sorted(TOP_LEVEL - found)}"


@pytest.mark.parametrize("file", CODE, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_a_module_fits_in_a_head_and_says_what_it_is_for(file: Path) -> None:
    text = file.read_text()
    lines = len(text.splitlines())
    limit = HANDLER_LINES if file.name == "handler.py" else MODULE_LINES
    assert lines <= limit, f"{lines} lines, at most {limit}: split it along what it is about"
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "say in the first line what the module is for"
    for part in (file.stem, file.parent.name):
        assert part not in EMPTY_NAMES, f"{part!r} says nothing: name it after what it holds"


def test_the_map_of_the_core_names_every_context() -> None:
    rows = [line.split("|")[1] for line in (ROOT / "layers/core/README.md").read_text().splitlines() if line.startswith("| ")]
    named = {name.strip() for row in rows for name in row.split(",")}
    assert {file.parent.name for file in (CORE / "socle").glob("*/__init__.py")} - named == set()


def test_a_function_is_named_verb_noun_and_has_a_handler() -> None:
    folders = [path for path in (ROOT / "functions").iterdir() if path.is_dir() and path.name != "__pycache__"]
    for folder in folders:
        assert "_" in folder.name, f"functions/{folder.name}: name it verb_noun"
        assert (folder / "handler.py").exists(), f"functions/{folder.name}: no handler.py"
        assert folder.name in {file.parent.name for file in handlers()}


def test_no_class_is_called_base_or_manager() -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{node.lineno} {node.name}"
        for file in CODE
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ClassDef)
        and (node.name.startswith("Base") or node.name.endswith(("Manager", "Helper", "Utils")))
    ]
    assert not wrong, f"name it after what it is: {wrong}"
