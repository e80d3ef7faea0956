"""The addresses of the providers that are served, known before any of them is loaded."""

from __future__ import annotations

_HASHICORP = "registry.terraform.io/hashicorp/"

AWS = f"{_HASHICORP}aws"
AWS_VERSION = "6.69.1"
"""Of the schema, which says it, too; but that one takes 6 MiB to read."""
SMALL = ("archive", "external", "http", "local", "null", "random", "template", "time")

ADDRESSES = (AWS, *(f"{_HASHICORP}{name}" for name in SMALL))
