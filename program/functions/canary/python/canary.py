"""Canary of Amazon CloudWatch Synthetics: asks the site's pages from outside, as a visitor does.
Its handler is `canary.handler`.

A run fails when the handler raises, and Synthetics counts it in the metric SuccessPercent. The
folder `python` is where Synthetics looks for the script. Source: "Writing a Python canary script"
(Amazon CloudWatch User Guide).
"""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

SECONDS = 10.0  # longer than the slowest page that is worth waiting for
_AGENT = "statuspage-canary"


class PageError(Exception):
    """Pages that did not answer as they should; the message names each."""


def handler(event: Mapping[str, Any], context: object) -> str:  # noqa: ARG001 - Lambda's signature
    """Ask each path of PAGES (a JSON list) at SITE_URL. PageError: one of them has failed."""
    site = os.environ["SITE_URL"].rstrip("/")
    paths = json.loads(os.environ["PAGES"])
    troubles = {path: trouble for path in paths if (trouble := ask(site + path))}
    if troubles:
        raise PageError("; ".join(f"{path}: {trouble}" for path, trouble in troubles.items()))
    return f"{len(paths)} pages answered"


def ask(url: str) -> str:
    """What is wrong with a page; empty: nothing. A redirection is followed, as a browser does."""
    request = urllib.request.Request(url, headers={"User-Agent": _AGENT})  # noqa: S310 - our site
    begun = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - our site
            trouble = "" if answer.read() else "an empty page"
    except urllib.error.HTTPError as error:
        with error:
            trouble = f"status {error.code}"
    except (OSError, http.client.HTTPException) as error:
        trouble = f"no answer ({error or type(error).__name__})"
    seconds = round(time.monotonic() - begun, 3)
    level = "ERROR" if trouble else "INFO"
    print(json.dumps({"level": level, "url": url, "seconds": seconds, "trouble": trouble}))
    return trouble
