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
from concurrent.futures import ThreadPoolExecutor

signal.signal(signal.SIGINT, signal.SIG_DFL)  # until the server takes over: no traceback out of these imports
os.environ["TZ"] = "UTC"  # moto's Step Functions mix up local time and UTC
time.tzset()

# After TZ: these modules start things that read the time.
import uvicorn  # noqa: E402

from infra.local import asgi  # noqa: E402
from infra.local.serving import Server, Serving, read_port  # noqa: E402

HOST = "127.0.0.1"


def main() -> int:
    """Serve until SIGINT or SIGTERM; the exit status is 1 if the machine could not start."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    warnings.filterwarnings("ignore", "No application metrics to publish")
    port = read_port(os.environ.get("PORT", "8000"))
    if port is None:
        print("PORT must be a number from 1 to 65535", file=sys.stderr)
        return 1
    # The protocol by name: asyncio turns Nagle's delay off only then, and 40 ms a request come of it.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        other = port + 1 if 1024 <= port < 65_535 else 8001  # those below belong to the system
        print(f"Port {port} is not free ({error.strerror}): choose another, e.g. PORT={other} make run", file=sys.stderr)
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
