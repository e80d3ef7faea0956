"""The error of this package."""

from __future__ import annotations

from bonkei.base.errors import BonkeiError


class BlueprintError(BonkeiError):
    """The state contains something unknown. The error names the address and the attribute.

    The message contains no values, because an attribute may be a secret.
    """

    def __init__(self, address: str, attribute: str, problem: str, *, remedy: str = "") -> None:
        place = f"{address}: {attribute}" if attribute else address
        super().__init__(f"{place}: {problem}" if place else problem, remedy=remedy)
        self.address = address
        self.attribute = attribute
