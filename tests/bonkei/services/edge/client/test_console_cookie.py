"""The console's cookie reaches no target: anyone who has it can use the console."""

from __future__ import annotations

import pytest

from bonkei.services.console.guard import Keys
from bonkei.services.edge.client.access import Row
from tests.bonkei.services.edge.definitions import balancer_only, stack
from tests.bonkei.services.edge.support import serving

OWN = f"{Keys('token', 8082).cookie_name}=secret".encode()
"""Browsers send it to every port of the host."""


@pytest.mark.parametrize("kind", ["distribution", "load_balancer"])
@pytest.mark.parametrize(
    ("sent", "passed_on"),
    [
        (b"Cookie: a=1; %b; b=2\r\n" % OWN, ["a=1; b=2"]),
        (b"cookie: %b; a=1\r\n" % OWN, ["a=1"]),
        (b"Cookie: a=%b\r\n" % OWN, [f"a={OWN.decode()}"]),
        (b"Cookie: %b\r\n" % OWN, []),
        (b"Cookie:%b\r\nCookie: a=1\r\n" % OWN, ["a=1"]),
        (b"Connection: close\r\nCookie: a=1;%b\r\n" % OWN, ["a=1"]),
    ],
)
async def test_the_consoles_cookie_is_not_passed_on(
    sent: bytes, passed_on: list[str], kind: str
) -> None:
    blueprint = stack() if kind == "distribution" else balancer_only()
    rows: list[Row] = []
    async with serving(blueprint, on_access=rows.extend) as (edge, web):
        for _ in range(2):
            async with edge.client(kind) as client:
                client.send(b"GET / HTTP/1.1\r\nHost: a\r\n" + sent + b"\r\n")
                assert (await client.receive()).status == 200
        cookies = [
            [value for name, value in each.headers if name.lower() == "cookie"]
            for each in web.requests
        ]
    assert cookies == [passed_on] * 2
    recorded = b"".join(value for row in rows for _, value, _ in row[3])
    assert OWN not in recorded or OWN.decode() in "".join(passed_on)
