"""Private data of a resource: Terraform stores it and returns it at each operation."""

from __future__ import annotations

import dataclasses
import json
import secrets
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Private:
    """A resource's identity through its life, and facts that its state does not hold."""

    token: str
    generation: int = 1
    adopted: bool = False
    """Imported and not yet applied: the state knows less than the configuration."""

    def write(self) -> bytes:
        """The value as bytes for Terraform to store."""
        return json.dumps(dataclasses.asdict(self)).encode()


def fresh(*, adopted: bool = False) -> Private:
    """The private data of a new resource."""
    return Private(secrets.token_hex(9)[:17], adopted=adopted)


def read(data: bytes) -> Private:
    """The private data of a known resource; fresh if Terraform stored none."""
    return Private(**json.loads(data)) if data else fresh()
