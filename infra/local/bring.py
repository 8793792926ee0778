"""`make import FILE=… MAPPING=…`: import a file into the Socle that runs on this machine, by the routes that anybody has."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tqdm import tqdm

from infra.local.http import ADMIN_TOKEN

PAUSE = 1.0
"""Seconds between two looks at how far it is."""


class Refused(RuntimeError):
    """The server does not take what was asked; the message is its own."""


def main() -> int:
    """Answers 1 when the file could not be imported."""
    file, mapping = os.environ.get("FILE", ""), os.environ.get("MAPPING", "")
    url = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"
    if not file or not mapping:
        print("say which file and by which mapping: make import FILE=orders.csv MAPPING=order-lines", file=sys.stderr)
        return 1
    try:
        done = bring(url, Path(file).name, Path(file).read_bytes(), mapping)
    except (OSError, Refused) as error:
        print(f"not imported: {error}", file=sys.stderr)
        return 1
    print(json.dumps(done, indent=2))
    return int(done["state"] != "succeeded")


def bring(url: str, file: str, data: bytes, mapping: str, quiet: bool = False) -> dict[str, Any]:
    """Announce, upload, start and watch an import; answers what it came to. `quiet`: without a bar. Raises Refused, OSError."""
    made = _ask(url, "POST", "/api/imports", {"file": file, "size": len(data), "mapping": mapping})
    _send(urllib.request.Request(made["upload"]["url"], data, method="PUT"))  # noqa: S310 (the machine's own link)
    _ask(url, "POST", f"/api/imports/{made['id']}/start", {})
    with tqdm(desc=file, unit=" buckets", mininterval=0.5 if sys.stderr.isatty() else 15, disable=quiet) as bar:
        while (found := _ask(url, "GET", f"/api/imports/{made['id']}"))["state"] == "running":
            bar.total = found["progress"]["buckets"]
            bar.set_postfix(rows=f"{found['progress']['rows']:,}", step=found["progress"]["step"], refresh=False)
            bar.update(found["progress"]["buckets_done"] - bar.n)
            time.sleep(PAUSE / 5 if quiet else PAUSE)
    return found


def _ask(url: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 (http on this machine)
        url + path, None if body is None else json.dumps(body).encode(), {"Authorization": f"Bearer {ADMIN_TOKEN}"},
        method=method)
    return dict(json.loads(_send(request)))


def _send(request: urllib.request.Request) -> bytes:
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        raise Refused(error.read().decode(errors="replace")[:500]) from error


if __name__ == "__main__":
    sys.exit(main())
