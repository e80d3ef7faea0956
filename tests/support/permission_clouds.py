"""The AWS endpoint's answers about permissions: the real decisions and ledger, without its HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bonkei.blueprint import Blueprint
from bonkei.config import Enforce
from bonkei.services.endpoint.asking import Asking
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.estate import Estate
from bonkei.services.endpoint.permission.ledger import Ledger
from bonkei.services.endpoint.permission.requirement import Place

ACCOUNT = "123456789012"


class FakeCloud:
    """As `bonkei.services.endpoint.cloud.Cloud`, as far as permissions go."""

    def __init__(
        self,
        directory: Path,
        blueprint: Blueprint,
        enforce: Enforce,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.directory = directory
        self.ledger = Ledger(directory)
        self.ledger.open()
        self.authorizer = Authorizer(enforce, self.ledger)
        self.authorizer.use(Estate(blueprint, Place(ACCOUNT, "eu-west-1")))
        self.asks = Asking(self.authorizer, Issuer(b"k" * 32, ACCOUNT), clock)
        self.undecided = ("nothing",)
