"""`python -m infra.local`: serve the whole of Socle on this machine. PORT (8000) and SAMPLE=0 are the settings."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

os.environ["TZ"] = "UTC"  # moto's Step Functions mix up local time and UTC
time.tzset()

# After TZ: these modules start things that read the time.
import uvicorn  # noqa: E402

from infra.local import asgi  # noqa: E402
from infra.local.http import ADMIN_TOKEN, Request, Response  # noqa: E402
from infra.local.machine import LocalMachine  # noqa: E402
from infra.local.sample import loader  # noqa: E402
from infra.local.seed import WRITE_KEY  # noqa: E402
from socle import clock  # noqa: E402
from socle.errors import Unavailable  # noqa: E402

HOST = "127.0.0.1"
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
            machine = LocalMachine(self._stack)
            machine.warm()
            machine.pump.start()
            threading.Thread(target=machine.timeline.run, name="schedules", daemon=True).start()
            self._machine = machine
            print(WELCOME.format(url=self._url, key=WRITE_KEY, token=ADMIN_TOKEN), flush=True)
        except BaseException:
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


def main() -> int:
    """Serve until SIGINT or SIGTERM; the exit status is 1 if the machine could not start."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    warnings.filterwarnings("ignore", "No application metrics to publish")
    port = int(os.environ.get("PORT", "8000"))
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        print(f"Port {port} is not free ({error.strerror}): choose another, e.g. PORT={port + 1} make run", file=sys.stderr)
        return 1
    serving = Serving(f"http://{HOST}:{port}", os.environ.get("SAMPLE", "1") != "0")
    threads = ThreadPoolExecutor(16, "http")
    server = Server(uvicorn.Config(
        asgi.app(serving.handle, threads), http="httptools", lifespan="off", log_level="warning", access_log=False,
        timeout_graceful_shutdown=1))
    print("Starting Socle: its stack is synthesised, which takes some seconds when it has changed …", flush=True)
    threading.Thread(target=serving.start, args=(server,), name="start", daemon=True).start()
    server.run(sockets=[listener])
    serving.stop()
    return int(serving.failed)


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # a handler that still runs must not hold the process
