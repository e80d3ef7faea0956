"""Requests of tests to what runs here.

httpx reads the system's certificate authorities for each client, and for each request without one:
8 ms of a processor. Most tests ask again until something has happened. These share one reading.
"""

from __future__ import annotations

import ssl
from functools import partial

import httpx

AUTHORITIES = ssl.create_default_context()

get = partial(httpx.get, verify=AUTHORITIES)
post = partial(httpx.post, verify=AUTHORITIES)
