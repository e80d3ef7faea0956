"""`bonkei iam`: denied calls, grants and their use, and a sufficient policy."""

from __future__ import annotations

import difflib
import sys
import time
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from bonkei.base.errors import BonkeiError
from bonkei.base.kept import read_json
from bonkei.cli.aws.roles import applied, is_of, role_noted, roles
from bonkei.cli.context import Context, pass_context
from bonkei.cli.terminal import as_json, safe

if TYPE_CHECKING:
    from bonkei.blueprint.iam import PolicyStatement, Role
    from bonkei.miniature.console.permissions import Places
    from bonkei.services.endpoint.asking import Asking

_SHOWN = 20


@click.group()
def iam() -> None:
    """Show permissions that were denied, used, or never used.

    ROLE is a role's name, or the end of it after `-`, or its ARN.
    """


@iam.command()
@click.option(
    "--role",
    default="",
    help="Of this role only: its name, or the end of it after `-`, or its ARN.",
)
@click.option(
    "--all", "everything", is_flag=True, help="All recorded denials, not only the last twenty."
)
@click.option("--json", "form", flag_value="json", help="As JSON.")
@pass_context
def denied(context: Context, role: str, everything: bool, form: str | None) -> None:
    """Show the denied calls, the evaluated policies, and the remedy."""
    from bonkei.services.console.views.denials import looked_at
    from bonkei.services.endpoint.permission.ledger import read_denials

    every = list(read_denials(context.home.cloud / "denied.jsonl"))
    role = role_noted(context, role, {str(each["role"]) for each in every})
    found = [each for each in every if is_of(role, each["role"])]
    found = found if everything else found[-_SHOWN:]
    written = _places(context)
    places = [[_at(written.of(*each)) for each in looked_at(one)] for one in found]
    if form == "json":
        listed = [{**one, "places": where} for one, where in zip(found, places, strict=True)]
        click.echo(as_json(listed, indent=2))
    elif not found:
        click.echo("nothing was denied", err=True)
    for one, where in zip(found, places, strict=True) if form is None else ():
        click.echo(safe(_denial(one, where)))


@iam.command()
@click.argument("role", default="")
@click.option("--json", "form", flag_value="json", help="As JSON.")
@pass_context
def used(context: Context, role: str, form: str | None) -> None:
    """Show the grants of each role, and their use.

    The use counts since the home was created.
    """
    from bonkei.analysis.policy.grants import grants
    from bonkei.services.endpoint.permission.services import OBSERVED

    known = _used(context)
    listed = []
    for each in roles(context, role):
        found = grants(_statements(each), known.get(each.arn, {}), OBSERVED)
        listed.append(
            {
                "role": each.name,
                "grants": [
                    {"action": one.action, "resources": one.resources, "address": one.address,
                     "used": [f"{action} {resource}" for action, resource in one.used],
                     "observed": one.is_observed}
                    for one in found
                ],
            }
        )  # fmt: skip
    if form == "json":
        click.echo(as_json(listed, indent=2))
        return
    for item in listed:
        click.echo(safe(_grants(item)))


@iam.command()
@click.argument("role")
@pass_context
def tighten(context: Context, role: str) -> None:
    """Print a policy that covers the use of ROLE, as a difference.

    It also covers AWS's own actions with the role. Nothing is changed. Image pulls, logs, shells
    and builds count as used if the definitions have them. If the miniature does not see the calls
    of a service, its grants stay.
    """
    from bonkei.analysis.policy.grants import tighten as tightened
    from bonkei.services.endpoint.permission.services import OBSERVED

    [found] = roles(context, role)
    used_by_role = _used(context).get(found.arn, {})
    if not used_by_role:
        raise BonkeiError(
            f"{found.name} has used nothing since the home was created",
            remedy="use the application first",
        )
    used_by_role = _with_needs(used_by_role, found, context)
    before = _hcl(found.statements)
    after = _hcl(tightened(found.statements, used_by_role, OBSERVED))
    lines = list(difflib.unified_diff(before, after, "granted", "used", lineterm="", n=99))
    click.echo(safe("\n".join(lines)) if lines else f"{found.name} has used every grant")


@iam.command()
@click.argument("role")
@click.argument("action")
@click.argument("resource", default="*")
@click.option("--with", "keys", multiple=True, metavar="KEY=VALUE", help="A condition key.")
@click.option("--json", "form", flag_value="json", help="As JSON.")
@pass_context
def may(
    context: Context, role: str, action: str, resource: str, keys: tuple[str, ...], form: str | None
) -> None:
    """Answer whether ROLE may do ACTION on RESOURCE.

    The definitions of the last apply decide, and the answer names the statement. Nothing is
    called. Exit code 1 when it may not; 3 when the text of a policy is not known.
    """
    from bonkei.miniature.console.permissions import condition_keys, explanation_json

    [found] = roles(context, role)
    answer = _asking(context).explain(found.arn, action, resource, condition_keys("\n".join(keys)))
    if answer is None:
        raise BonkeiError("there are no definitions yet", remedy="apply them: `bonkei apply`")
    shown: Any = explanation_json(answer, _places(context))
    click.echo(as_json(shown, indent=2) if form == "json" else safe(_answer(shown)))
    if not shown["allowed"]:
        sys.exit(3 if shown["unknown"] else 1)


def _places(context: Context) -> Places:
    from bonkei.miniature.console.permissions import Places

    written = applied(context).written_policies
    return Places(context.config.definitions, context.config.root, lambda: written)


def _asking(context: Context) -> Asking:
    """The IAM of the definitions that were applied last."""
    from bonkei.services.endpoint.asking import Asking
    from bonkei.services.endpoint.identity.credentials import Issuer
    from bonkei.services.endpoint.permission.authorizer import Authorizer
    from bonkei.services.endpoint.permission.estate import Estate, read_others
    from bonkei.services.endpoint.permission.ledger import Ledger
    from bonkei.services.endpoint.permission.requirement import Place
    from bonkei.services.endpoint.provision.wanted import find_region

    config = context.config
    found = applied(context)
    place = Place(config.account_id, find_region(found))
    authorizer = Authorizer("on", Ledger(context.home.cloud))  # a question is not recorded
    authorizer.use(Estate(found, place, read_others(config.policies)))
    return Asking(authorizer, Issuer(bytes(32), config.account_id))


def _answer(shown: Mapping[str, Any]) -> str:
    decides = shown["statement"]
    if shown["unknown"]:
        return f"not known: the text of {', '.join(shown['unknown'])} is missing"
    lines = ["allowed" if shown["allowed"] else shown["message"]]
    if decides is not None:
        lines.append(f"  by {_written(decides)}")
    elif not shown["allowed"]:
        lines += [f"  near: {_written(each)}" for each in shown["near"]]
        lines += [f"  looked at {_at(each)}" for each in shown["looked_at"]]
    if not shown["allowed"] and shown["absent_keys"]:
        lines.append(f"  absent: {', '.join(shown['absent_keys'])} (--with KEY=VALUE)")
    return "\n".join(lines)


def _written(statement: Mapping[str, Any]) -> str:
    about = ", ".join((*statement.get("actions", ()), *statement.get("resources", ())))
    sid = f"{statement['sid']} " if statement["sid"] else ""
    return f"{statement['effect']} {sid}{about}  {_at(statement['place'])}".rstrip()


def _at(place: Mapping[str, Any]) -> str:
    return (
        f"{place['file']}:{place['line']} ({place['address']})"
        if place["file"]
        else str(place["address"])
    )


def _with_needs(
    used_by_role: Mapping[str, Collection[str]], role: Role, context: Context
) -> Mapping[str, Collection[str]]:
    """The used actions, and the actions that AWS performs with the role according to the
    definitions."""
    from bonkei import blueprint
    from bonkei.analysis.policy.needs import needs_of

    found = {action: list(resources) for action, resources in used_by_role.items()}
    for need in needs_of(role.arn, blueprint.read(context.workspace.state())):
        found.setdefault(need.action, []).append(need.resource)
    return found


def _statements(role: Role) -> tuple[PolicyStatement, ...]:
    from bonkei.analysis.policy.managed import managed_statements

    return (*role.statements, *managed_statements(role))


def _used(context: Context) -> Mapping[str, Mapping[str, Collection[str]]]:
    without = "or remove it: the list of used permissions begins empty"
    return read_json(context.home.cloud / "used.json", dict, without) or {}


def _denial(denial: Mapping[str, Any], places: Iterable[str]) -> str:
    from bonkei.services.console.views import denials

    at = time.strftime("%H:%M:%S", time.localtime(denial["time"]))
    outcome = "denied" if denial["enforced"] else "would be denied"
    who = denials.who(denial)
    if denial["reason"] == "network":
        service = denial["action"].partition(":")[0]
        does = "timed out" if denial["enforced"] else "would time out"
        head = f"{at}  {who}: {service} is not reached, and the call {does}"
        return f"{head}\n          {denials.why(denial)}"
    lines = [
        f"{at}  {who}: {denial['action']} {outcome}",
        f"          on {denial['resource']}",
        f"          {denials.why(denial)}",
        *(f"          looked at {place}" for place in places),
    ]
    if denial["absent_keys"]:
        lines.append(f"          not known here, so absent: {', '.join(denial['absent_keys'])}")
    if allowing := denials.would_allow(denial):
        lines.append(f"          would allow it: {allowing}")
    return "\n".join(lines)


def _grants(item: Mapping[str, Any]) -> str:
    lines = [str(item["role"])]
    for grant in item["grants"]:
        if not grant["observed"]:
            mark, note = "?", "  (calls of this service are not seen here)"
        else:
            mark, note = ("✓", "") if grant["used"] else ("–", "  (never used)")
        lines.append(f"  {mark} {grant['action']} on {', '.join(grant['resources'])}{note}")
    if not item["grants"]:
        lines.append("  nothing is granted")
    return "\n".join(lines)


def _hcl(statements: Iterable[PolicyStatement]) -> list[str]:
    """A statement in the form of data "aws_iam_policy_document"."""
    lines: list[str] = []
    for each in statements:
        lines += ["statement {"]
        lines += [f'  effect    = "{each.effect}"'] if each.effect != "Allow" else []
        for name, values in (
            ("actions", each.actions),
            ("not_actions", each.not_actions),
            ("resources", each.resources),
            ("not_resources", each.not_resources),
        ):
            if values:
                lines += [f"  {name} = [", *(f'    "{value}",' for value in values), "  ]"]
        for operator, key, value in each.conditions:
            lines += [
                "  condition {", f'    test     = "{operator}"', f'    variable = "{key}"',
                f'    values   = ["{value}"]', "  }",
            ]  # fmt: skip
        lines += ["}"]
    return lines
