"""The template of the deployed stack, synthesised from infra/app.py and kept until its sources change."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "local"
STAGE = "dev"

# A process of its own: the CDK runs in Node, which would stay with us for as long as the machine runs.
_SYNTHESISE = "import sys; from infra.app import synthesise; print(synthesise(*sys.argv[1:3], bundle=False))"


class SynthesisFailed(Exception):
    """infra.app could not make the template; the message is what it said."""


def sources() -> list[Path]:
    """Every file that the template depends on. Code of functions is none: the local machine runs it from its folder."""
    own = Path(__file__).resolve().parent
    return [*(path for path in sorted((ROOT / "infra").rglob("*")) if path.suffix in (".py", ".json")
              and own not in path.parents and "__pycache__" not in path.parts),
            ROOT / "layers/core/python/socle/settings.py", *sorted(ROOT.glob("layers/*/requirements.txt"))]


def fingerprint() -> str:
    """Changes when the template may change."""
    digest = hashlib.sha256(version("aws-cdk-lib").encode())
    for path in sources():
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:24]


def load() -> dict[str, Any]:
    """The template; takes 3 to 5 s when its sources changed, else none. Raises SynthesisFailed."""
    CACHE.mkdir(parents=True, exist_ok=True)
    kept = CACHE / f"{fingerprint()}.json"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # machines that start together synthesise once
        if not kept.exists():
            text = _synthesise()
            for old in CACHE.glob("*.json"):
                old.unlink()
            part = CACHE / "part"
            part.write_text(text)
            part.replace(kept)  # so that a start that is broken off leaves no half of it
        return dict(json.loads(kept.read_text()))


def _synthesise() -> str:
    with tempfile.TemporaryDirectory() as outdir:
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'layers/core/python'}"}
        done = subprocess.run([sys.executable, "-c", _SYNTHESISE, STAGE, outdir], cwd=ROOT, env=environment,  # noqa: S603
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise SynthesisFailed(f"infra.app made no template:\n{done.stderr[-4000:]}")
        return Path(done.stdout.strip().splitlines()[-1]).read_text()
