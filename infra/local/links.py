"""Links to objects that curl and browsers can follow: S3 here has no socket, so the machine takes and gives what they sign."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from typing import Any, NamedTuple
from urllib.parse import quote

import boto3

from infra.local.cloud import REGION
from infra.local.http import Request, Response
from infra.local.patching import replace
from socle import clock
from socle.errors import NotFound, Rejected
from socle.exports.store import ExportFiles
from socle.imports.store import GOOD_FOR, ImportFiles

PREFIX = "/local/files/"
MAX_UPLOAD = 1024**3
"""Bytes of one upload. They are in memory here, as all of S3 is."""


class Link(NamedTuple):
    """What a link allows, until `expires` (epoch ms): a PUT of `size` bytes (None: any), or a GET."""

    method: str
    bucket: str
    asked: dict[str, Any]
    expires: int


class Links:
    """The links that were given out. `url` is where the machine is reached."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._links: dict[str, Link] = {}

    def install(self, stack: ExitStack) -> None:
        """Until `stack` closes, presigned links lead to this machine."""
        def link(files: ImportFiles | ExportFiles, operation: str, asked: dict[str, Any], seconds: int = GOOD_FOR) -> str:
            token = secrets.token_urlsafe(16)
            method = "PUT" if operation == "put_object" else "GET"
            self._links[token] = Link(method, files.bucket, asked, clock.now() + seconds * clock.SECOND)
            return f"{self.url}{PREFIX}{token}/{quote(asked['Key'].rpartition('/')[2])}"

        for kind in (ImportFiles, ExportFiles):
            replace(stack, kind, "_link", link)

    def handle(self, request: Request) -> Response:
        """Do what a link allows. Raises NotFound for one that was never given out, Rejected for any other use."""
        link = self._links.get(request.path.removeprefix(PREFIX).partition("/")[0])
        if link is None:
            raise NotFound("unknown_link", "this link was not given out by this machine: ask for a new one")
        if link.expires < clock.now():
            raise Rejected("link_expired", "this link is too old: ask for a new one", status=403)
        if request.method != link.method:
            raise Rejected("method_not_allowed", f"this link takes {link.method}", status=405)
        s3 = boto3.client("s3", region_name=REGION)
        place = {"Bucket": link.bucket, "Key": link.asked["Key"]}
        if link.method == "PUT":
            size = link.asked.get("ContentLength")
            if size not in (None, len(request.body)):
                raise Rejected("bad_size", f"the file has {len(request.body)} bytes, and {size} were announced", status=403)
            s3.put_object(**place, Body=request.body)
            return Response(200, [])
        found = s3.get_object(**place)
        return Response(200, [("content-type", found["ContentType"]),
                              ("content-disposition", link.asked["ResponseContentDisposition"])], found["Body"].read())
