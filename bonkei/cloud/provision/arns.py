"""The region and account of an ARN."""

from __future__ import annotations


def region_of(arn: str) -> str:
    """The region in an ARN; empty when it has none."""
    return (arn.split(":") + [""] * 4)[3]


def account_of(arn: str) -> str:
    """The account in an ARN; empty when it has none."""
    return (arn.split(":") + [""] * 5)[4]
