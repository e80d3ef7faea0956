"""A target group, its possible targets, and the obstacles there."""

from __future__ import annotations

from collections import Counter

from bonkei.services.edge.explain import words
from bonkei.services.edge.explain.values import Considered, Explanation, Layer, Place, Step, told
from bonkei.services.edge.targets.target import Pool, Target

UNAVAILABLE, UNREACHABLE, NO_ANSWER = 503, 502, 504


def explain_pool(pool: Pool, layer: Layer, kept: Target | None, name: str = "") -> Explanation:
    """One group. `kept`: the target at which a cookie keeps the client."""
    configuration = pool.configuration
    name = name or (configuration.name if configuration else pool.arn)
    place = Place(configuration.address) if configuration else Place()
    group = Step(layer, "target_group", f"{name}: {_members(pool)}", place, _targets(pool))
    prospects = (kept,) if kept is not None else pool.prospects()
    if not prospects:
        text = f"{_members(pool)}: the answer is 503"
        refusal = Step("target", "target", text, place)
        return told(
            group, refusal, by="load_balancer", status=UNAVAILABLE, target_group_arn=pool.arn
        )
    is_chance = kept is None and len(prospects) > 1 and pool.algorithm == "weighted_random"
    targets = tuple(each.task_id for each in prospects)
    expected = {"target_group_arn": pool.arn, "targets": targets, "is_chance": is_chance}
    if pool.obstacle:
        text = f"the network lets nothing through: {pool.obstacle}. The answer is 504"
        step = Step("target", "target", text, place)
        return told(group, step, by="network", status=NO_ANSWER, **expected)
    return told(group, Step("target", "target", _next(pool, prospects, kept), place), **expected)


def explain_weights(pools: tuple[Pool, ...]) -> Explanation:
    """Several groups: chance decides, by their weights."""
    if not pools:
        step = Step("load_balancer", "target_group", "no target group has a weight: 503")
        return told(step, by="load_balancer", status=UNAVAILABLE)
    names = [each.configuration.name if each.configuration else each.arn for each in pools]
    text = f"chance decides between {words.some(names)}, by their weights"
    considered = tuple(
        Considered(name, "possible", _members(pool))
        for name, pool in zip(names, pools, strict=True)
    )
    return told(Step("load_balancer", "target_group", text, considered=considered), is_chance=True)


def _members(pool: Pool) -> str:
    states = Counter(each.health.state for each in pool.targets.values())
    if not states:
        return "no target is registered"
    said = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    if pool.candidates and not states["healthy"]:
        return f"{said}; no target is healthy, so each gets requests"
    if not pool.candidates:
        return f"{said}; none has passed its first health check"
    return said


def _targets(pool: Pool) -> tuple[Considered, ...]:
    return tuple(
        Considered(
            each.task_id,
            "possible" if each in pool.candidates else "passed over",
            f"{each.health.state} {each.health.reason}".rstrip()
            + f", {each.outstanding} in flight, {each.endpoint.host}:{each.endpoint.port}",
        )
        for each in pool.targets.values()
    )


def _next(pool: Pool, prospects: tuple[Target, ...], kept: Target | None) -> str:
    first = prospects[0].task_id
    if kept is not None:
        return f"{first}: a cookie keeps the client there"
    if len(pool.candidates) == 1:
        return f"{first}: the only one"
    if len(prospects) == 1:
        return f"{first} has the fewest requests in flight of {len(pool.candidates)}"
    if pool.algorithm == "weighted_random":
        return f"chance decides among {len(prospects)} (weighted_random)"
    return f"{first} is next of {len(prospects)} ({pool.algorithm})"
