"""What is kept with a resource and not shown: Terraform hands it back at each operation."""

from __future__ import annotations

import dataclasses
import json
import secrets
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Private:
    """A resource's identity through its life, and what its state cannot tell."""

    token: str
    generation: int = 1
    adopted: bool = False
    """Imported and not yet applied: the state knows less than the configuration."""

    def write(self) -> bytes:
        """As bytes for Terraform to keep."""
        return json.dumps(dataclasses.asdict(self)).encode()


def fresh(*, adopted: bool = False) -> Private:
    """That of a new resource."""
    return Private(secrets.token_hex(9)[:17], adopted=adopted)


def read(data: bytes) -> Private:
    """That of a known resource; a fresh one if Terraform kept nothing."""
    return Private(**json.loads(data)) if data else fresh()
