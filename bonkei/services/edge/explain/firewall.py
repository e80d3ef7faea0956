"""The evaluated rules of a web ACL, in order."""

from __future__ import annotations

from bonkei.blueprint.wafv2 import And, Not, NotSimulatedStatement, Or, RateBased
from bonkei.services.edge.explain import words
from bonkei.services.edge.explain.values import Considered, Place, Step
from bonkei.services.edge.http.firewall import Firewall, Verdict
from bonkei.services.edge.http.message import Request
from bonkei.services.edge.waf.statement import CompiledStatement
from bonkei.services.edge.waf.web_acl import DEFAULT_ACTION, Asked, CompiledWebAcl


def ask(firewall: Firewall | None, request: Request) -> tuple[Verdict | None, tuple[Step, ...]]:
    """The web ACL's decision; None and no step if there is no web ACL."""
    if not isinstance(firewall, CompiledWebAcl):
        return None, ()
    verdict, asked = firewall.foresee(request)
    considered = tuple(_considered(firewall, each, request) for each in asked)
    name = firewall.name or firewall.address
    if verdict.rule == DEFAULT_ACTION:
        action = "blocks" if verdict.blocks else "allows"
        said = f"{name}: no rule decides, and the default action {action} the request"
    else:
        action = "blocks" if verdict.blocks else "allows"
        said = f"{name}: the rule {verdict.rule} {action} the request"
    place = Place(firewall.address, "default_action" if verdict.rule == DEFAULT_ACTION else "rule",
                  "" if verdict.rule == DEFAULT_ACTION else verdict.rule)  # fmt: skip
    values = (("labels", ", ".join(verdict.labels)),) if verdict.labels else ()
    return verdict, (Step("web_acl", "web_acl", said, place, considered, values),)


def _considered(firewall: CompiledWebAcl, asked: Asked, request: Request) -> Considered:
    rule = asked.rule
    if asked.holds:
        outcome = "chosen" if rule.kind in ("allow", "block") else "counted"
    else:
        outcome = "passed over" if asked.holds is False else "not evaluated"
    why = f"{rule.kind}: {because(rule.statement, request)}"
    return Considered(rule.name, outcome, why, Place(firewall.address, "rule", rule.name))


def because(compiled: CompiledStatement, request: Request) -> str:
    """The deciding part of a statement, and the text that it looked at."""
    asked, answer = compiled.statement, compiled.foresees(request)
    match asked:
        case NotSimulatedStatement():
            return f"{words.statement(asked)}: only AWS can evaluate it, it never matches here"
        case And() | Or():
            return _of_parts(compiled, request, is_and=isinstance(asked, And))
        case Not():
            return f"not: {because(compiled.parts[0], request)}"
        case RateBased() if compiled.parts:
            inside = compiled.parts[0]
            if not inside.foresees(request):
                return f"out of scope: {because(inside, request)}"
    if answer is None:
        return f"{words.statement(asked)}: it cannot be evaluated, so it never matches"
    part = words.part_of(asked, request)
    said = words.statement(asked)
    return said if answer else f"not so: {said}" + (f" (it is {part})" if part else "")


def _of_parts(compiled: CompiledStatement, request: Request, *, is_and: bool) -> str:
    """One part can decide: a false one for `and`, a true one for `or`. Otherwise all parts
    decide."""
    for part in compiled.parts:
        answer = part.foresees(request)
        if answer is (not is_and):
            return because(part, request)
    said = [because(part, request) for part in compiled.parts]
    return words.some(said) if len(said) == 1 else "; ".join(said[:5])
