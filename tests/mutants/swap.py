"""Put a mutant in the place of the code that is loaded: whoever has imported a function gets the changed one.

The changed source is compiled, and the code object of the one function (or the one assignment) that the change is in
takes the place of the old one. So nothing has to be imported again, and no module has two versions.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from tests.mutants.model import Mutant


class Misplaced(Exception):
    """The mutant's text is not in its module, not just once, or not where it could be swapped."""


def swap(mutant: Mutant) -> None:
    """Change the code in this process, for good. Raises Misplaced, saying what to do."""
    module = importlib.import_module(mutant.module)
    text = Path(str(module.__file__)).read_text()
    found = text.count(mutant.old)
    if found != 1:
        raise Misplaced(f"{mutant.module} has its text {found} times instead of once: look for the guard there, and bring "
                        f"the mutant up to date\n{mutant.old}")
    changed = text.replace(mutant.old, mutant.new)
    line = text[:text.index(mutant.old)].count("\n") + 1
    line += len(mutant.old) - len(mutant.old.lstrip("\n"))
    path = _path(ast.parse(text).body, line)
    if path:
        target = _function(module, path)
        target.__code__ = _code(compile(changed, str(module.__file__), "exec"), ".".join(path))
    else:
        _assign(module, ast.parse(text).body, ast.parse(changed).body, line)


def _path(body: list[ast.stmt], line: int) -> tuple[str, ...]:
    """The names that lead to the function which holds a line: (class, method) or (function,); () for none."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0):
            if isinstance(node, ast.FunctionDef):
                return (node.name,)
            inner = _path(node.body, line)
            return (node.name, *inner) if inner else ()
    return ()


def _function(module: ModuleType, path: tuple[str, ...]) -> FunctionType:
    found: Any = module
    for name in path:
        found = inspect.getattr_static(found, name)
    if isinstance(found, property):
        found = found.fget
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    found = inspect.unwrap(found)
    assert isinstance(found, FunctionType), f"{path} is not a function"
    return found


def _code(code: CodeType, path: str) -> CodeType:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_qualname == path:
                return constant
            if path.startswith(constant.co_qualname + "."):
                return _code(constant, path)
    raise Misplaced(f"{path} is gone in the mutant: change something within a function")


def _assign(module: ModuleType, before: list[ast.stmt], after: list[ast.stmt], line: int) -> None:
    """Execute the changed assignment of a module's constant; those who imported its value keep the old one."""
    for index, node in enumerate(before):
        if isinstance(node, ast.Assign) and node.lineno <= line <= (node.end_lineno or 0):
            exec(compile(ast.Module([after[index]], []), str(module.__file__), "exec"), vars(module))
            return
    raise Misplaced(f"line {line} of {module.__name__} is in no function and no assignment: they alone can be swapped")
