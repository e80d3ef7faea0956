"""A page that notes its visits in a file which it shares, and says what the task knows."""

import json
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

URI = os.environ["ECS_CONTAINER_METADATA_URI_V4"]


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        task, stats = asked("/task"), asked("/stats")
        with Path(os.environ["UPLOADS"], "visits").open("a") as visits:
            visits.write(f"{task['TaskARN']}\n")
        said = {
            "family": task["Family"],
            "memory": stats["memory_stats"]["usage"],
            "visits": Path("/all/site/uploads/visits").read_text().split(),
            "same": Path("uploads/visits").exists(),
            "refused": refused(),
            "key": os.environ["KEY"],
        }
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())


def asked(path: str) -> Any:
    with urlopen(URI + path, timeout=5) as answer:  # noqa: S310 - ECS gives the address
        return json.load(answer)


def refused() -> str:
    try:
        Path("/all/mine").write_text("x")
    except OSError as error:
        return error.strerror or ""
    return ""


HTTPServer(("0.0.0.0", 8000), Page).serve_forever()
