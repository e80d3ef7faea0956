"""The role that a person means by a name."""

from __future__ import annotations

from collections.abc import Iterable

from bonkei.services.endpoint.errors import CloudError


def role_meant(name: str, arns: Iterable[str]) -> str:
    """The ARN of these that NAME means: the role's ARN, its name, or the end of its name after `-`.
    CloudError without one role."""
    known = tuple(filter(None, dict.fromkeys(arns)))
    exact = [arn for arn in known if name in (arn, label(arn))]
    found = exact or [arn for arn in known if label(arn).endswith(f"-{name}")]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(map(label, found))
        raise CloudError(f"`{name}` may be one of {several}", remedy="write more of it")
    names = ", ".join(map(label, known))
    remedy = f"there are: {names}" if known else "apply it first: `bonkei apply`"
    raise CloudError(f"the definitions have no role {name}", remedy=remedy)


def label(arn: str) -> str:
    """The last part of an ARN."""
    return arn.rpartition("/")[2]
