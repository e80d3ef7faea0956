"""A project with small definitions."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path

from bonkei.definitions.terraform.workspace import Workspace

PROVIDERS = """
terraform {
  required_version = ">= 1.10"
  required_providers {
    aws     = { source = "hashicorp/aws", version = "~> 6.0" }
    random  = { source = "hashicorp/random", version = "~> 3.6" }
    archive = { source = "hashicorp/archive", version = "~> 2.4" }
  }
  backend "s3" {}
}

provider "aws" {
  region = "ap-northeast-1"

  default_tags {
    tags = { Owner = "team" }
  }
}

provider "aws" {
  alias  = "global"
  region = "us-east-1"
}
"""


@dataclass(frozen=True)
class Project:
    """A project directory with definitions in `infrastructure/` and a home beside them."""

    root: Path

    @property
    def definitions(self) -> Path:
        return self.root / "infrastructure"

    @property
    def home(self) -> Path:
        return self.root / ".bonkei"

    def write(self, name: str, text: str) -> Path:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return file

    def workspace(self, *variable_files: Path, terraform: str | None = None) -> Workspace:
        return Workspace(self.definitions, self.home, variable_files, terraform)
