"""A blueprint's logs, and the lines of an access in them."""

from __future__ import annotations

from requests_sample import (
    ACCOUNT,
    NOW,
)
from rows import rows_of

from bonkei.blueprint import Blueprint
from bonkei.services.edge import AccessRecord
from bonkei.services.logs.delivery.requests.request import Finished
from bonkei.services.logs.delivery.requests.routes import find_routes
from bonkei.services.logs.delivery.requests.target import Target

UNIQUE = "20sg8hgm"


def logs(blueprint: Blueprint, source: str) -> tuple[Target, ...]:
    return find_routes(blueprint, ACCOUNT, {"task": "10.0.0.1:80"}).of[source]


def line(target: Target, access: AccessRecord) -> str:
    if target.prepare is not None:
        [found] = target.prepare(access)([(NOW, rows_of(access))])
        return found
    assert target.line is not None
    line = target.line(Finished(NOW, access))
    assert line is not None
    return line
