"""The admin API of a running Socle, as far as definitions go. Only the standard library: it runs in any pipeline."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

ATTEMPTS = 4
LOCAL = ("127.0.0.1", "localhost", "::1")


class Unreachable(Exception):
    """Nobody answers, or not as Socle does."""


class Refused(Exception):
    """What the API says that can't be; the message is its own."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Api:
    """`url` is where it is, `token` what it asks for: it goes into one header, and nowhere else."""

    def __init__(self, url: str, token: str, sleep: Callable[[float], None] = time.sleep) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Unreachable(f"URL must be like https://api.example.com, not {url!r}")
        if parts.scheme == "http" and parts.hostname not in LOCAL:
            raise Unreachable("the token would cross the network in the clear: give the URL with https://")
        if not token.isascii() or not token.isprintable() or not token:
            raise Unreachable("the token has characters that no token has: copy it again")
        self._url = url.rstrip("/")
        self._token = token
        self._sleep = sleep

    def kinds(self) -> list[str]:
        """The kinds of definition that there are."""
        paths = self.ask("GET", "/api/openapi.json")["paths"]
        return [path.split("/")[2] for path, operations in paths.items()
                if any(one["name"] == "dry_run" for one in operations.get("put", {}).get("parameters", ()))]

    def all(self, kind: str) -> Iterator[dict[str, Any]]:
        """Every definition of a kind, by name."""
        cursor = None
        while True:
            page = self.ask("GET", f"/api/{kind}?" + urlencode({"limit": 100, **({"cursor": cursor} if cursor else {})}))
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def ask(self, method: str, path: str, body: Any = None, if_match: int | None = None) -> Any:
        """One request, again while the API says that it is busy. Raises Refused, Unreachable."""
        for attempt in range(ATTEMPTS):
            try:
                return self._once(method, path, body, if_match)
            except Refused as error:
                if error.status not in (429, 503) or attempt + 1 == ATTEMPTS:
                    raise
            self._sleep(2**attempt)
        raise AssertionError("unreachable")

    def _once(self, method: str, path: str, body: Any, if_match: int | None) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        if if_match is not None:
            headers["If-Match"] = str(if_match)
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        request = urllib.request.Request(self._url + path, data, headers, method=method)  # noqa: S310 (checked above)
        try:
            with _OPENER.open(request, timeout=60) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise _refused(error.code, error.read()) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise Unreachable(f"{self._url} does not answer ({reason}): is it running, and is URL right?") from None
        try:
            return json.loads(text) if text else None
        except ValueError:
            raise Unreachable(f"{self._url}{path} answers something that is not Socle: is URL right?") from None


class _Stay(urllib.request.HTTPRedirectHandler):
    """Redirects would carry the token to somebody else."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_Stay)


def _refused(status: int, body: bytes) -> Refused:
    if status in (401, 403):
        return Refused(status, "unauthorized", "the token is not accepted: give SOCLE_TOKEN one that has not expired")
    try:
        error = json.loads(body)["error"]
        return Refused(status, error["code"], error["message"])
    except (ValueError, LookupError, TypeError):
        return Refused(status, "http", f"the answer is {status}, and not one of Socle's: is URL right?")
