"""`make replay`: load the sample, rebuild all profiles from the raw objects alone, and compare both tables byte for byte."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

os.environ["TZ"] = "UTC"  # moto's Step Functions mix up local time and UTC
time.tzset()

import boto3  # noqa: E402
import uvicorn  # noqa: E402
from tqdm import tqdm  # noqa: E402

from infra.local import asgi  # noqa: E402
from infra.local.cloud import REGION  # noqa: E402
from infra.local.machine import LocalMachine  # noqa: E402
from infra.local.sample import loader  # noqa: E402
from infra.local.serving import Server  # noqa: E402
from socle import clock  # noqa: E402
from socle.drill.service import shown  # noqa: E402
from socle.errors import NotFound  # noqa: E402
from socle.profiles.service import Profiles  # noqa: E402
from socle.profiles.store import ProfileStore  # noqa: E402

COPY_TASKS = 4
MAX_SHOWN = 10
"""Differences that are named."""


def main() -> int:
    """Answers 1 when the replay failed or anything differs."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    with ExitStack() as stack:
        machine = LocalMachine(stack)
        machine.warm()
        machine.pump.start()
        with served(machine) as url, contextlib.redirect_stdout(io.StringIO()):  # what it says to try is gone in a minute
            loader.load(url, clock.now())
        machine.drain()
        begun = time.monotonic()
        answer = replay(machine, "make-replay")
        seconds = time.monotonic() - begun
        live, restored = machine.outputs["ProfilesTable"], machine.outputs["RestoredTable"]
        compared, merged, differences = compare(live, restored)
        machine.pump.stop()
    print(f"objects {answer['objects']:,} · events {answer['events']:,} · profiles {compared:,} · merged {merged:,} · "
          f"rows copied {answer['copied']:,} · "
          f"{seconds:.0f} s · differences {len(differences):,}")
    for difference in differences[:MAX_SHOWN]:
        print(f"differs: {difference}")
    for failure in answer["failures"]:
        print(f"failed: {failure}")
    return int(bool(differences or answer["failures"]))


@contextmanager
def served(machine: LocalMachine) -> Iterator[str]:
    """The machine behind a server on a free port; answers its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads = ThreadPoolExecutor(4, "http")
    server = Server(uvicorn.Config(asgi.app(machine.handle, threads), http="httptools", lifespan="off", log_level="warning",
                                   access_log=False, timeout_graceful_shutdown=1))
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]  # they are for the main thread
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        threads.shutdown()


def replay(machine: LocalMachine, name: str, compare: int = 0) -> dict[str, Any]:
    """Run the workflow as on AWS, its own comparison in `compare` tasks, with progress on stderr.

    Answers its sum, also when it says that something failed.
    """
    workflows, tables = boto3.client("stepfunctions", region_name=REGION), boto3.client("dynamodb", region_name=REGION)

    def items(table: str) -> int:
        return int(tables.describe_table(TableName=machine.outputs[table])["Table"]["ItemCount"])

    run = workflows.start_execution(stateMachineArn=machine.outputs["ReplayMachine"], name=name,
                                    input=json.dumps({"compare": compare, "copy": COPY_TASKS}))["executionArn"]
    often = 0.5 if sys.stderr.isatty() else 15
    total = items("ProfilesTable")
    with tqdm(total=total, desc="Replaying", unit=" items", mininterval=often) as progress:
        while (found := workflows.describe_execution(executionArn=run))["status"] == "RUNNING":
            progress.update(min(items("RestoredTable"), total) - progress.n)
            time.sleep(0.2)
    if found["status"] == "SUCCEEDED":
        return dict(json.loads(found["output"]))
    if found.get("error") == "Incomplete":
        return dict(json.loads(found["cause"]))
    raise RuntimeError(f"the replay {found['status']}: {found.get('error')} {found.get('cause')}")


class Scanned(ProfileStore):
    """A table read once from end to end: comparing thousands of profiles would take minutes otherwise."""

    def __init__(self, table: str) -> None:
        dynamodb = boto3.client("dynamodb", region_name=REGION)
        super().__init__(dynamodb, table)
        self.items = {(item["PK"]["S"], item["SK"]["S"]): item
                      for page in dynamodb.get_paginator("scan").paginate(TableName=table) for item in page["Items"]}

    def _get(self, keys: Iterable[Mapping[str, Any]], fresh: bool = True) -> Iterator[dict[str, Any]]:
        places = ((key["PK"]["S"], key["SK"]["S"]) for key in keys)
        return (self.items[place] for place in places if place in self.items)


def compare(live: str, restored: str) -> tuple[int, int, list[str]]:
    """(profiles, others merged into them, what differs): all that events say of anybody in either, and the rows that no event
    tells, byte for byte."""
    stores = [Scanned(table) for table in (live, restored)]
    readers = [Profiles(store) for store in stores]
    places = {place for store in stores for place in store.items}
    profiles = {key[2:] for key, kind in places if kind == "A"}
    identifiers = [key[2:].partition("#")[::2] for key, kind in places if kind == "I"]
    roots: set[str] = set()
    differences: list[str] = []
    for profile in sorted(profiles):
        one, other = (_shown(reader, profile) for reader in readers)
        if one:
            roots.add(json.loads(one)[0]["id"])
        if one != other:
            differences.append(f"profile {profile}")
    for kind, value in sorted(identifiers):
        if _found(readers[0], kind, value) != _found(readers[1], kind, value):
            differences.append(f"identifier {kind}:{value}")
    differences += [f"row {partition} {sort}" for partition, sort in sorted(
        place for place in places if is_untold(*place) and stores[0].items.get(place) != stores[1].items.get(place))]
    return len(roots), len(profiles - roots), differences


def is_untold(partition: str, sort: str) -> bool:
    """Whether a row is one of consent, the ledger of messages or caps, which the replay copies."""
    return (partition[:2], sort[:2]) in {("C#", "C"), ("L#", "L"), ("P#", "K"), ("P#", "M#")}


def _shown(reader: Profiles, profile: str) -> str:
    found = shown(reader, profile)
    return json.dumps(found) if found else ""


def _found(reader: Profiles, kind: str, value: str) -> str:
    try:
        return reader.find(kind, value)
    except NotFound:
        return ""


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # threads of moto's Step Functions must not hold the process
