"""The AWS endpoint's answers about permissions: the real decisions and ledger, without its HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bonkei.blueprint import Blueprint
from bonkei.cloud.asking import Asking
from bonkei.cloud.identity.credentials import Issuer
from bonkei.cloud.permission.authorizer import Authorizer
from bonkei.cloud.permission.estate import Estate
from bonkei.cloud.permission.ledger import Ledger
from bonkei.cloud.permission.requirement import Place
from bonkei.config import Enforce

ACCOUNT = "123456789012"


class FakeCloud:
    """As `bonkei.cloud.cloud.Cloud`, as far as permissions go."""

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

    def permissions_used(self) -> Mapping[str, Mapping[str, list[str]]]:
        return self.ledger.used()

    def permissions_counted(self) -> Mapping[tuple[str, str], int]:
        return self.ledger.counts()
