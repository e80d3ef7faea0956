"""The providers that are served, known before any of them is loaded."""

from __future__ import annotations

_HASHICORP = "registry.terraform.io/hashicorp/"

AWS = f"{_HASHICORP}aws"

VERSIONS = {
    f"{_HASHICORP}{name}": version
    for name, version in {
        "aws": "6.69.1",
        "archive": "2.7.1",
        "external": "2.3.5",
        "http": "3.5.0",
        "local": "2.5.3",
        "null": "3.2.4",
        "random": "3.7.2",
        "template": "2.2.0",
        "time": "0.13.1",
        "tls": "4.1.0",
    }.items()
}
"""The version of each, by its address. AWS's schema says it, too, but takes 6 MiB to read."""
