"""The policies of buckets and queues that calls have written, in the place of the declared ones.

A declared policy is made again when the definitions are applied, so what a call has written in its
place lasts until then. Any other written policy is on disk, like the store's own copy of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bonkei.base import kept
from bonkei.blueprint import Blueprint

_WITHOUT = "or remove it: policies that calls wrote are then shown, but not decided by"


class WrittenPolicies:
    """`open` reads the file (DamagedError). `follow` comes before the definitions are applied."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept: dict[str, str] = {}
        self._until_applied: dict[str, str] = {}
        self._declared = frozenset[str]()

    def open(self) -> None:
        self._kept = kept.read_json(self._file, _texts, _WITHOUT) or {}

    def follow(self, blueprint: Blueprint) -> None:
        """These definitions have the policies of their resources from now on."""
        self._declared = frozenset(
            (
                *(each.arn for each in blueprint.buckets if each.policy),
                *(each.arn for each in blueprint.queues if each.attributes.get("Policy")),
            )
        )
        self._until_applied = {}
        self._keep({arn: text for arn, text in self._kept.items() if arn not in self._declared})

    def of(self, arn: str) -> str | None:
        """The policy that a call has written; empty if a call has ended the declared one. None:
        the definitions decide."""
        found = self._until_applied.get(arn)
        return self._kept.get(arn) if found is None else found

    def put(self, arn: str, text: str) -> None:
        """The policy from now on; empty: none. Raises OSError if the disk refuses it."""
        if arn in self._declared:
            self._until_applied[arn] = text
            return
        others = {each: one for each, one in self._kept.items() if each != arn}
        self._keep({**others, arn: text} if text else others)

    def _keep(self, policies: dict[str, str]) -> None:
        if policies != self._kept:
            kept.write_json(self._file, policies)
            self._kept = policies


def _texts(content: Mapping[str, Any]) -> dict[str, str]:
    return {str(arn): str(text) for arn, text in content.items()}
