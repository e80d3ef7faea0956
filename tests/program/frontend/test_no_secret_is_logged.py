"""No secret, cookie, password or token is in a record, whichever form it arrives through."""

from __future__ import annotations

import re
import time
from pathlib import Path

import httpx
import over_http

from tests.program.frontend import sample
from tests.program.frontend.process import SECRET, address_of, records, served, started
from tests.program.frontend.test_hostile import PATHS
from tests.program.marked import MARK, Marks, requests


def test_no_form_leaks_a_secret(tmp_path: Path) -> None:
    marks = Marks()
    with served(sample.outage()) as url, started(url, tmp_path) as process:
        address = address_of(tmp_path, process)
        sent = 0
        with httpx.Client(timeout=60) as client:
            for path in PATHS:
                if not re.fullmatch(r"/[\w./-]*", path) or path.startswith("//"):
                    continue
                for method in ("GET", "POST"):
                    for request in requests(marks, method, f"{address}{path}"):
                        client.send(request)
                        sent += 1
        assert sent > 100
        deadline = time.monotonic() + 60
        over_http.get(f"{address}/the-last-one", timeout=60)
        while not any(r.get("path") == "/the-last-one" for r in records(tmp_path)):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    written = (tmp_path / "log").read_text()
    assert marks.found(written) == []
    assert MARK not in written
    assert SECRET not in written
