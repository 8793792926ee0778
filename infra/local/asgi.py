"""uvicorn's side of an HTTP request: reads it whole and answers from a thread, so that a slow handler blocks nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from infra.local.http import MAX_BODY, Request, Response, message
from infra.local.links import MAX_UPLOAD, PREFIX

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


def app(handle: Callable[[Request], Response], threads: ThreadPoolExecutor) -> App:
    """The ASGI application that answers with `handle`, run in one of `threads`."""

    async def serve(scope: Message, receive: Callable[[], Awaitable[Message]],
                    send: Callable[[Message], Awaitable[None]]) -> None:
        if scope["type"] != "http":
            return
        limit = MAX_UPLOAD if scope["path"].startswith(PREFIX) else MAX_BODY
        body = bytearray()
        too_large = False
        while True:
            part = await receive()
            if part["type"] == "http.disconnect":
                return
            too_large = too_large or len(body) + len(part.get("body", b"")) > limit
            if not too_large:
                body += part.get("body", b"")
            if not part.get("more_body"):
                break
        if too_large:
            response = message(413, "Request Entity Too Large")
        else:
            response = await asyncio.get_running_loop().run_in_executor(threads, handle, _request(scope, bytes(body)))
        headers = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in response.headers]
        if response.status != 204:
            headers.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else response.body})

    return serve


def _request(scope: Message, body: bytes) -> Request:
    return Request(
        method=scope["method"], path=scope["path"], query=scope["query_string"].decode("latin-1"),
        headers=[(key.decode("latin-1").lower(), value.decode("latin-1")) for key, value in scope["headers"]],
        body=body, source_ip=(scope.get("client") or ("127.0.0.1", 0))[0], protocol=f"HTTP/{scope['http_version']}")
