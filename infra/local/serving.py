"""The local machine behind a server: what is answered and said while it starts, and how it stops."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import uvicorn

from infra.local.http import ADMIN_TOKEN, Request, Response
from infra.local.machine import LocalMachine
from infra.local.sample import loader
from infra.local.seed import WRITE_KEY
from socle import clock
from socle.errors import Unavailable

WELCOME = """
Socle is ready at {url}

  start page      {url}/
  send events to  {url}/v1/batch      write key: {key}
  admin API       {url}/api/          Authorization: Bearer {token}
  OpenAPI         {url}/api/openapi.json
  outbox          {url}/local/outbox
  clock           {url}/local/clock
Ctrl-C stops it; nothing is kept.
"""


def read_port(text: str) -> int | None:
    """A port that can be listened on, or None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65_535 else None


class Server(uvicorn.Server):
    """Stops on SIGINT and SIGTERM without raising them again, as uvicorn's own does, so that we end in our way."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ask the server to stop."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: setattr(self, "should_exit", True))
        yield


class Serving:
    """The machine behind the server, and what is said until it is there."""

    def __init__(self, url: str, with_sample: bool) -> None:
        self._url = url
        self._with_sample = with_sample
        self._stack = ExitStack()
        self._machine: LocalMachine | None = None
        self.failed = False

    def handle(self, request: Request) -> Response:
        """Answer one request; 503 while the machine is starting."""
        if self._machine is None:
            starting = Unavailable("starting", "the local machine is starting: try again in a second", 1)
            return Response.of(503, starting.to_json(), [("retry-after", "1")])
        return self._machine.handle(request)

    def start(self, server: uvicorn.Server) -> None:
        """Build the machine, say what to open, load the sample. A failure is told and ends the server."""
        try:
            machine = LocalMachine(self._stack, url=self._url)
            machine.warm()
            machine.pump.start()
            threading.Thread(target=machine.timeline.run, name="schedules", daemon=True).start()
            self._machine = machine
            print(WELCOME.format(url=self._url, key=WRITE_KEY, token=ADMIN_TOKEN), flush=True)
        except BaseException:
            if server.should_exit:
                return  # Ctrl-C reaches the synthesis as well: what it says to that helps nobody
            self.failed = True
            server.should_exit = True
            raise
        if self._with_sample:
            try:
                loader.load(self._url, clock.now())
            except Exception:
                if not server.should_exit:  # a server that stops breaks off the load, and nobody cares how
                    raise

    def stop(self) -> None:
        """Let running batches end, then stop reading."""
        if self._machine is not None:
            self._machine.timeline.stop()
            self._machine.pump.stop(seconds=0.5)
