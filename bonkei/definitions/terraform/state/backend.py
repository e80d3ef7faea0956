"""The backend for Terraform's state during one run.

The default workspace uses HTTP (`bonkei.definitions.terraform.state.state_server`): it is quicker.
The HTTP backend supports no other workspace, so those use the local backend with a directory each.
https://developer.hashicorp.com/terraform/language/backend/http
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bonkei.definitions.terraform.state.document import require_whole
from bonkei.definitions.terraform.state.state_server import StateServer

DEFAULT = "default"
"""The name of the workspace that always exists."""


@dataclass(frozen=True, slots=True)
class Backend:
    """The backend of one workspace, below Terraform's own directory in a home."""

    directory: Path
    workspace: str = DEFAULT

    @property
    def state_file(self) -> Path:
        """Where the state is between runs."""
        name = "terraform.tfstate"
        return self.directory / name if self._is_default else self._states / self.workspace / name

    @property
    def block(self) -> Mapping[str, Any]:
        """The block `backend`, in Terraform's JSON."""
        if self._is_default:
            return {"http": {}}
        return {"local": {"workspace_dir": str(self._states)}}

    @contextlib.contextmanager
    def open(self, *, reads_twice: bool) -> Iterator[Mapping[str, str]]:
        """The variables that Terraform needs to use it (`reads_twice`: see `StateServer`). Raises
        TerraformError for a damaged state."""
        require_whole(self.state_file)
        if self._is_default:
            with StateServer(self.state_file, reads_twice=reads_twice) as server:
                yield server.environment
        else:
            self.state_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            yield {"TF_WORKSPACE": self.workspace}

    @property
    def _is_default(self) -> bool:
        return self.workspace == DEFAULT

    @property
    def _states(self) -> Path:
        return self.directory / "states"
