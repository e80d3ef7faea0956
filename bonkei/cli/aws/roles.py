"""The roles that a user may name."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from bonkei.cli.context import Context
from bonkei.errors import BonkeiError

if TYPE_CHECKING:
    from bonkei.blueprint.role import Role


def roles(context: Context, name: str) -> tuple[Role, ...]:
    """The role with this name or ARN, or all roles. BonkeiError without one."""
    found = _applied(context)
    if not found:
        raise BonkeiError("nothing that is applied has a role", remedy="apply it: `bonkei apply`")
    named = tuple(role for role in found if not name or name in (role.name, role.arn))
    if not named:
        raise _unknown(name, [role.name for role in found])
    return named


def require_role(context: Context, name: str, noted: Collection[str]) -> None:
    """BonkeiError unless something applied has such a role, Identity Center makes it, or one of
    these ARNs, which something has noted before, is its."""
    from bonkei.cloud.identity.identity_center import ROLE

    if any(is_of(name, arn) for arn in noted) or ROLE.fullmatch(label(name)):
        return
    found = _applied(context)
    if not any(name in (role.name, role.arn) for role in found):
        known = {role.name for role in found} | {label(arn) for arn in noted if arn}
        raise _unknown(name, sorted(known))


def is_of(name: str, arn: str) -> bool:
    """Whether a name or an ARN means the role with this ARN. No name means every role."""
    return not name or name in (arn, label(arn))


def label(arn: str) -> str:
    """The last part of an ARN."""
    return arn.rpartition("/")[2]


def _applied(context: Context) -> tuple[Role, ...]:
    from bonkei import blueprint
    from bonkei.cloudformation.stacks.stored import stacked

    return blueprint.read(context.workspace.state(), stacked(context.home.stacks)).roles


def _unknown(name: str, known: Collection[str]) -> BonkeiError:
    remedy = f"there are: {', '.join(known)}" if known else "apply it first: `bonkei apply`"
    return BonkeiError(f"the definitions have no role {name}", remedy=remedy)
