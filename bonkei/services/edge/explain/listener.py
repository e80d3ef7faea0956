"""A load balancer's listener: web ACL, rules, action."""

from __future__ import annotations

from bonkei.blueprint.elbv2 import FixedResponse, Forward, Redirect
from bonkei.services.edge.alb.forward import prospects
from bonkei.services.edge.alb.load_balancer import (
    FORBIDDEN,
    OTHER_HOST,
    TOO_MANY_ADDRESSES,
    CompiledRule,
    ListenerHandler,
    first_rule,
    has_too_many_addresses,
    redirect_location,
)
from bonkei.services.edge.explain import words
from bonkei.services.edge.explain.firewall import ask
from bonkei.services.edge.explain.targets import explain_pool, explain_weights
from bonkei.services.edge.explain.values import Considered, Explanation, Place, Step, told
from bonkei.services.edge.http.message import Request


def explain_client(handler: ListenerHandler, request: Request) -> Explanation:
    """A request that a client sends to the listener itself."""
    if not handler.admits(request):
        host = words.text(request.fields.get(b"host", b""))
        text = f"the listener does not answer to {host or 'no name'}: {OTHER_HOST.status}"
        step = Step("load_balancer", "host", text, Place(handler.listener.address))
        return told(step, by="load_balancer", status=OTHER_HOST.status, blocked_by="host")
    return explain_onward(handler, request)


def explain_onward(handler: ListenerHandler, request: Request) -> Explanation:
    """From the web ACL on."""
    if has_too_many_addresses(request):
        text = f"X-Forwarded-For has too many addresses: {TOO_MANY_ADDRESSES}"
        step = Step("load_balancer", "request", text, Place(handler.listener.address))
        return told(step, by="load_balancer", status=TOO_MANY_ADDRESSES)
    verdict, steps = ask(handler.firewall, request)
    verdicts = (verdict,) if verdict is not None else ()
    if verdict is not None and verdict.blocks:
        status = (verdict.response or FORBIDDEN).status
        return told(*steps, by="web_acl", status=status, blocked_by=verdict.rule, verdicts=verdicts)
    rule = first_rule(handler.rules, request)
    explanation = _action(handler, rule, request).after(*steps, _rule(handler, rule, request))
    return explanation.but(rule=rule.arn, verdicts=verdicts)


def _rule(handler: ListenerHandler, chosen: CompiledRule, request: Request) -> Step:
    rules = [each for each in handler.rules if each.arn]
    position = rules.index(chosen) if chosen.arn else len(rules)
    considered = [
        *(Considered(_name(each), "passed over", _lacks(each, request), Place(each.address))
          for each in rules[:position]),
        *(Considered(_name(each), "chosen", _holds(each), Place(each.address))
          for each in rules[position:position + 1]),
        *(Considered(_name(each), "not asked", _holds(each), Place(each.address))
          for each in rules[position + 1:]),
    ]  # fmt: skip
    text = _name(chosen) if chosen.arn else "no rule matches: the default action"
    attribute = "" if chosen.arn else "default_action"
    place = Place(chosen.address, attribute)
    return Step("load_balancer", "rule", text, place, tuple(considered))


def _name(rule: CompiledRule) -> str:
    return f"rule {rule.priority}"


def _holds(rule: CompiledRule) -> str:
    return " and ".join(words.condition(condition) for condition, _ in rule.conditions)


def _lacks(rule: CompiledRule, request: Request) -> str:
    """The first condition that does not hold."""
    for condition, holds in rule.conditions:
        if not holds(request):
            seen = words.looked_at(condition, request)
            return f"not so: {words.condition(condition)} (it is {seen})"
    return ""


def _action(handler: ListenerHandler, rule: CompiledRule, request: Request) -> Explanation:
    action = handler.present_action(rule)
    if isinstance(action, Forward):
        found = prospects(action, handler.pools, request)
        if len(found.groups) != 1:
            return explain_weights(found.groups)
        return explain_pool(found.groups[0], "load_balancer", found.kept)
    place = Place(rule.address, "action" if rule.arn else "default_action")
    if isinstance(action, FixedResponse):
        step = Step("load_balancer", "action", f"answers {action.status} itself", place)
        return told(step, by="load_balancer", status=action.status)
    return _redirect(action, handler, request, place)


def _redirect(
    action: Redirect, handler: ListenerHandler, request: Request, place: Place
) -> Explanation:
    location = redirect_location(action, handler.listener, request)
    text = f"redirects with {action.status} to {words.target(location)}"
    return told(
        Step("load_balancer", "action", text, place),
        by="load_balancer",
        status=action.status,
        redirect_url=location.decode("latin-1"),
    )
