"""A small Segment client: gzip batches over one kept connection, retries as Retry-After says, loud when refused."""

from __future__ import annotations

import gzip
import http.client
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from infra.local.http import ADMIN_TOKEN
from infra.local.seed import WRITE_KEY

ATTEMPTS = 8
_ADMIN = {"Authorization": f"Bearer {ADMIN_TOKEN}", "Content-Type": "application/json"}


class Refused(RuntimeError):
    """The server did not take what was sent; sending it again would not help."""


class Client:
    """Talks to the local machine at `base_url`, for example http://127.0.0.1:8000."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=600)

    def send(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """POST one batch. Raises Refused when anything in it is refused or quarantined.

        Without `sentAt`: the timestamps are history and right as they are, there is no clock skew to correct.
        """
        body = gzip.compress(json.dumps({"batch": messages, "writeKey": WRITE_KEY}).encode(), compresslevel=1)
        for _ in range(ATTEMPTS):
            status, headers, answer = self._request(
                "POST", "/v1/batch", body, {"Content-Type": "application/json", "Content-Encoding": "gzip"}
            )
            if status == 200:
                if quarantined := answer.get("quarantined"):
                    raise Refused(f"{len(quarantined)} of {len(messages)} events quarantined: {quarantined[0]}, …")
                return
            if status < 500 and status != 429:
                raise Refused(f"POST /v1/batch answered {status}: {answer}")
            time.sleep(min(float(headers.get("Retry-After", 1)), 30))
        raise Refused(f"POST /v1/batch answered {status} {ATTEMPTS} times: {answer}")

    def put(self, path: str, document: Mapping[str, Any]) -> None:
        """Write a definition. Raises Refused."""
        status, _, answer = self._request("PUT", path, json.dumps(document).encode(), _ADMIN)
        if status not in (200, 201):
            raise Refused(f"PUT {path} answered {status}: {answer}")

    def post(self, path: str) -> None:
        """Do what an address of the admin API does. Raises Refused."""
        status, _, answer = self._request("POST", path, None, _ADMIN)
        if status not in (200, 202):
            raise Refused(f"POST {path} answered {status}: {answer}")

    def run(self, path: str, state: str) -> None:
        """Start a run with a POST to `path`, and wait for its end; its state is at `state` + "/" + its name. Raises Refused."""
        status, _, answer = self._request("POST", path, None, _ADMIN)
        while status in (200, 202) and answer["state"] == "running":
            time.sleep(0.2)
            status, _, answer = self._request("GET", f"{state}/{answer['run']}", None, _ADMIN)
        if answer.get("state") != "succeeded":
            raise Refused(f"POST {path} did not succeed: {answer}")

    def await_end(self, path: str, runs: str) -> dict[str, Any]:
        """Start a run of a campaign with a POST to `path`, and wait for its end. Raises Refused."""
        status, _, answer = self._request("POST", path, None, _ADMIN)
        while status in (200, 202) and answer["state"] == "running":
            time.sleep(0.2)
            status, _, answer = self._request("GET", f"{runs}/{answer['id']}", None, _ADMIN)
        if answer.get("state") != "finished":
            raise Refused(f"POST {path} did not come to its end: {answer}")
        return answer

    def catch_up(self) -> None:
        """Return when everything that was sent has had all its effects: who is in a segment, what is known of mails."""
        status, _, answer = self._request("POST", "/local/clock", b'{"advance": "0s"}', _ADMIN)
        if status != 200:
            raise Refused(f"POST /local/clock answered {status}: {answer}")

    def get(self, path: str) -> dict[str, Any]:
        """What an address of the admin API answers. Raises Refused."""
        status, _, answer = self._request("GET", path, None, _ADMIN)
        if status != 200:
            raise Refused(f"GET {path} answered {status}: {answer}")
        return answer

    def profile(self, kind: str, value: str) -> dict[str, Any] | None:
        """The profile with this identifier, or None while nobody has it."""
        status, _, answer = self._request("GET", f"/api/profiles?by={kind}:{quote(value, safe='')}", None, _ADMIN)
        if status not in (200, 404):
            raise Refused(f"GET /api/profiles answered {status}: {answer}")
        return answer if status == 200 else None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _request(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, http.client.HTTPMessage, dict[str, Any]]:
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
        except (ConnectionError, http.client.BadStatusLine):
            # The server may close an idle connection at any time; every request here may safely be sent twice.
            self._connection.close()
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
        text = response.read()
        return response.status, response.headers, json.loads(text) if text else {}
