"""The endpoint's settings on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bonkei.config import Enforce

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class CloudSettings:
    """`directory`: the room's own below the home; `port` 0: any that is free. `definitions`: the
    root module, where the files are that declared objects name. `enforce`: whether a call that IAM
    would deny is denied (on), recorded only (report), or not looked at (off)."""

    directory: Path
    account: str
    port: int = 8083
    definitions: Path = Path()
    enforce: Enforce = "on"
