"""`python -m infra.apply apply|pull DIR`: bring a running Socle into line with the files of a folder, or the folder with it.

First all of it is planned by the API, and nothing is written unless all of it can be. Each document is written only over the
version that was planned on: what somebody else changes meanwhile is not lost.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from infra.apply.api import LOCAL, Api, Refused, Unreachable
from infra.apply.files import Faulty, kinds_in, read, write
from infra.apply.show import painter, refused_lines, step_lines, summary

LOCAL_TOKEN = "local-admin-token"  # noqa: S105  the published token of the local machine

JOURNEYS = "journeys"
FROZEN = ("templates", "blocks", "layouts", "brand", "topics")
"""Kinds that a published journey has as they were then."""

Say = Callable[[str], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when all is as the files say, or would be; 1 when it is not, with the reason on stderr."""
    asked = _arguments(arguments)
    try:
        api = Api(asked.url, _token(asked.url))
        if asked.what == "pull":
            return pull(api, asked.folder, asked.kinds, print)
        return apply(api, asked.folder, print, dry_run=asked.dry_run, prune=asked.prune, publish=asked.publish)
    except Faulty as error:
        print(error, file=sys.stderr)
        print("Nothing was written: mend the files first", file=sys.stderr)
    except (Refused, Unreachable) as error:
        print(error, file=sys.stderr)
    return 1


def apply(api: Api, folder: Path, say: Say, *, dry_run: bool = False, prune: bool = False, publish: bool = False) -> int:
    """Plan, show, and write. Raises Faulty, Refused, Unreachable: what was written by then stays, and the next time goes on."""
    wanted = read(folder)
    definitions: list[dict[str, Any]] = [{"kind": one.kind, "name": one.name, "document": one.document} for one in wanted]
    if prune:
        definitions += _surplus(api, folder, {(one.kind, one.name) for one in wanted})
    plan = api.ask("POST", "/api/plan", {"definitions": definitions})
    paint = painter(sys.stdout.isatty())
    for step in plan["steps"]:
        for line in step_lines(step, paint):
            say(line)
    if plan["refused"]:
        for line in refused_lines(plan["refused"]):
            say(line)
        say(f"Nothing was written: {len(plan['refused'])} can't be")
        return 1
    if dry_run:
        say(summary(plan["steps"], would=True))
        return 0
    documents = {(one.kind, one.name): one.document for one in wanted}
    versions = {}
    for number, step in enumerate(plan["steps"]):
        try:
            versions[step["kind"], step["name"]] = _write(api, step, documents)
        except Refused as error:
            raise Refused(error.status, error.code, f"{step['kind']}/{step['name']}: {error}\n{number} of {len(plan['steps'])} "
                          "are done: see why, and run it again") from error
    say(summary(plan["steps"], would=False))
    return _publish(api, {name: versions[kind, name] for kind, name in documents if kind == JOURNEYS}, any(
        step["kind"] in FROZEN and step["op"] != "keep" for step in plan["steps"]), say) if publish else 0


def pull(api: Api, folder: Path, kinds: Sequence[str], say: Say) -> int:
    """Write what is there into files; files of what is not there stay."""
    known = api.kinds()
    unknown = sorted(set(kinds) - set(known))
    if unknown:
        raise Faulty(f"there is no kind {unknown[0]!r}: the kinds are {', '.join(known)}")
    changed = [file for kind in (kinds or known) for one in api.all(kind)
               for file in write(folder, kind, one["name"], one["document"])]
    for file in changed:
        say(str(file))
    say(f"{len(changed)} {'file' if len(changed) == 1 else 'files'} written" if changed else "The files are as they should be")
    return 0


def _surplus(api: Api, folder: Path, wanted: set[tuple[str, str]]) -> list[dict[str, Any]]:
    """What is there and in no file, of the kinds that have a folder."""
    return [{"kind": kind, "name": one["name"], "document": None}
            for kind in sorted(kinds_in(folder) & set(api.kinds())) for one in api.all(kind) if (kind, one["name"]) not in wanted]


def _write(api: Api, step: dict[str, Any], documents: dict[tuple[str, str], dict[str, Any]]) -> int:
    """Do a step; answers the version that is there then."""
    path = f"/api/{step['kind']}/{step['name']}"
    if step["op"] == "delete":
        api.ask("DELETE", path)
    elif step["op"] != "keep":
        return int(api.ask("PUT", path, documents[step["kind"], step["name"]], if_match=step["if_match"])["version"])
    return int(step["if_match"])


def _publish(api: Api, journeys: dict[str, int], is_frozen_anew: bool, say: Say) -> int:
    """Publish the journeys of which not this version is published, or all when what they send has changed. What was stopped stays
    so: publishing would let people enter again."""
    failed = 0
    for name, version in sorted(journeys.items()):
        path = f"/api/journeys/{name}"
        standing = api.ask("GET", f"{path}/standing")
        if standing["version"] == version and not is_frozen_anew:
            continue
        if standing["state"] == "stopped":
            say(f"! {JOURNEYS}/{name} is stopped and stays so: POST {path}/publish lets people enter again")
            continue
        try:
            api.ask("POST", f"{path}/publish", {})
            say(f"> {JOURNEYS}/{name} is published")
        except Refused as error:
            failed += 1
            say(f"x {JOURNEYS}/{name} is written, and not published: {error}")
    return int(failed > 0)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.apply", description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=("apply", "pull"))
    parser.add_argument("folder", type=Path, help="with <kind>/<name>.json")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--dry-run", action="store_true", help="only show what would change")
    parser.add_argument("--prune", action="store_true", help="delete what has no file, of the kinds that have a folder")
    parser.add_argument("--publish", action="store_true", help="publish the journeys that have changed")
    parser.add_argument("--kinds", nargs="*", default=[], help="pull only these")
    return parser.parse_args(arguments)


def _token(url: str) -> str:
    token = os.environ.get("SOCLE_TOKEN", "")
    if not token and urlsplit(url).hostname in LOCAL:
        return LOCAL_TOKEN
    if not token:
        raise Unreachable("say who you are: SOCLE_TOKEN=… in the environment, the id token of a Cognito user")
    return token


if __name__ == "__main__":
    sys.exit(main())
