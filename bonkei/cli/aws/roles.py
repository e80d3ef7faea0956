"""The roles that a user may name."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from bonkei.base.errors import BonkeiError
from bonkei.cli.context import Context

if TYPE_CHECKING:
    from bonkei.blueprint import Blueprint
    from bonkei.blueprint.iam import Role


def roles(context: Context, name: str) -> tuple[Role, ...]:
    """Return the role that NAME means, or all roles. Raises BonkeiError if there is none."""
    from bonkei.services.endpoint.identity.role_names import role_meant

    found = applied(context).roles
    if not found:
        raise BonkeiError("nothing that is applied has a role", remedy="apply it: `bonkei apply`")
    if not name:
        return found
    meant = role_meant(name, [role.arn for role in found])
    return tuple(role for role in found if role.arn == meant)


def role_noted(context: Context, name: str, noted: Collection[str]) -> str:
    """For `is_of`: the role that NAME means. It is applied, or Identity Center makes it, or one of
    these ARNs, which something has noted before, is its. No name means every role. BonkeiError
    without one."""
    from bonkei.services.endpoint.identity.identity_center import ROLE
    from bonkei.services.endpoint.identity.role_names import label, role_meant

    if not name or any(is_of(name, arn) for arn in noted) or ROLE.fullmatch(label(name)):
        return name
    return role_meant(name, [*(role.arn for role in applied(context).roles), *sorted(noted)])


def is_of(name: str, arn: str) -> bool:
    """Whether a name or an ARN means the role with this ARN. No name means every role."""
    from bonkei.services.endpoint.identity.role_names import label

    return not name or name in (arn, label(arn))


def applied(context: Context) -> Blueprint:
    """What was applied last, with the stacks of CloudFormation."""
    from bonkei import blueprint
    from bonkei.definitions.cloudformation.stacks.stored import stacked

    return blueprint.read(context.workspace.state(), stacked(context.home.stacks))
