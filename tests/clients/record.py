"""Records what the real clients put on the wire into tests/events/recorded. Run: python -m tests.clients.record"""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.clients import senders

RECORDED = Path(__file__).parents[1] / "events" / "recorded"


def main() -> None:
    senders.install()
    for number, client in enumerate(senders.CLIENTS):
        requests: list[dict[str, Any]] = []
        server = ThreadingHTTPServer(("127.0.0.1", 0), _recorder(requests))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        senders.send(client, f"http://127.0.0.1:{server.server_port}", "recorded-write-key", f"recorded-{number}")
        server.shutdown()
        name = client.replace("@segment/", "").replace(", ", "-")
        path = RECORDED / f"{name}.json"
        path.write_text(json.dumps({"client": client, "requests": requests}, indent=1) + "\n")
        print(f"{path.name}: {len(requests)} requests")


def _recorder(requests: list[dict[str, Any]]) -> type[BaseHTTPRequestHandler]:
    class Recorder(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items() if name.lower() != "host"}
            requests.append({"path": self.path, "headers": headers, "body": base64.b64encode(body).decode()})
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Recorder


if __name__ == "__main__":
    main()
