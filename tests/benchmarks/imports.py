"""CPU time of importing the handlers in a new process, as a cold start does, with the layers' byte code and without.

Functions and layers are copied out, third parties included; Python and boto3 keep their byte code, as in Lambda's runtime.
"""

from __future__ import annotations

import compileall
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
RUNS = 3
LAYERS = ("core", "messaging")
BOTO3 = "import boto3; boto3.client('dynamodb')"
FIRST_REQUEST = {"collect_events": "; from functions.collect_events.collaborators import collector; collector()"}
"""What a function makes at its first request only: its clients."""


def import_times() -> dict[str, dict[str, float]]:
    """Handler → {"ms": with byte code, "ms without byte code"}, its clients included; "boto3 + first client" for comparison.

    The least of RUNS, which go in turns, so that a busy moment of the machine meets all of them.
    """
    handlers = sorted(folder.name for folder in (ROOT / "functions").iterdir() if (folder / "handler.py").exists())
    with _layers() as plain, _layers() as compiled:
        compileall.compile_dir(compiled, quiet=2)
        snippets = {("boto3 + first client", "ms"): (BOTO3, compiled)}
        for name in handlers:
            code = f"import functions.{name}.handler{FIRST_REQUEST.get(name, '')}"
            snippets |= {(name, "ms"): (code, compiled), (name, "ms without byte code"): (code, plain)}
        rounds = [{which: _cpu(*snippet) for which, snippet in snippets.items()} for _ in range(RUNS)]
    times: dict[str, dict[str, float]] = {}
    for name, column in snippets:
        times.setdefault(name, {})[column] = min(one[name, column] for one in rounds)
    return times


def _cpu(code: str, path: Path) -> float:
    """CPU ms of running `code` in a new process, beyond that of starting Python."""
    timed = f"import time; t = time.process_time(); {code}; print(time.process_time() - t)"
    env = {**os.environ, "PYTHONPATH": str(path), "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run([sys.executable, "-c", timed], check=True, stdout=subprocess.PIPE, text=True, env=env, cwd=path)
    return float(run.stdout) * 1e3


@contextmanager
def _layers() -> Iterator[Path]:
    """A folder with functions, domain and third parties as Lambda would have them on its path, without byte code."""
    no_byte_code = shutil.ignore_patterns("__pycache__", "*.pyc")
    with TemporaryDirectory() as folder:
        path = Path(folder)
        shutil.copytree(ROOT / "functions", path / "functions", ignore=no_byte_code)
        shutil.copytree(ROOT / "layers/core/python/socle", path / "socle", ignore=no_byte_code)
        for line in "\n".join((ROOT / f"layers/{layer}/requirements.txt").read_text() for layer in LAYERS).splitlines():
            name, pinned, _ = line.partition("==")
            for file in distribution(name).files or () if pinned else ():
                if "__pycache__" not in file.parts and ".." not in file.parts:
                    (path / file).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(str(file.locate()), path / file)
        yield path
