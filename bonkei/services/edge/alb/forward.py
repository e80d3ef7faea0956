"""The action `forward`: a target group, a target in it, and a client that stays with both.

"Forward actions" and "Sticky sessions for your Application Load Balancer" (User Guide for
Application Load Balancers): AWSALB keeps a client at a target, AWSALBTG at a target group. AWS
encrypts the cookies; here they are keyed digests.
"""

from __future__ import annotations

import hashlib
import hmac
import random
import secrets
import time
from bisect import bisect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate

from bonkei.blueprint.elbv2 import Forward, WeightedTarget
from bonkei.services.edge.alb.target_head import TargetHead, fresh_trace
from bonkei.services.edge.http.exchange import Exchange, Flow
from bonkei.services.edge.http.message import Headers, Request, Sink, answer, header, http_date
from bonkei.services.edge.targets.delivery import Delivery
from bonkei.services.edge.targets.dispatch import Dispatch, ResponseHeaders
from bonkei.services.edge.targets.target import Pool, Target

Do = Callable[[Request, TargetHead, "Exchange | None", Sink], "Flow | None"]
"""An action. Without an exchange, no client waits for the response."""

_COOKIE_KEY = secrets.token_bytes(32)
_JOIN = b"".join


Shifts = Mapping[str, tuple[WeightedTarget, ...]]
"""The weights that deployments have written into rules, by the ARN of the rule."""


def shifted(action: Forward, rule_arn: str, shifts: Shifts) -> Forward:
    """The action with its rule's present weights."""
    moved = shifts.get(rule_arn)
    return action if moved is None else replace(action, targets=moved)


def compile_shifting(
    action: Forward, rule_arn: str, pools: Mapping[str, Pool], delivery: Delivery, shifts: Shifts
) -> Do:
    """Forward by weights that a deployment may change."""
    compiled: dict[tuple[WeightedTarget, ...] | None, Do] = {
        None: compile_forward(action, pools, delivery)
    }

    def forward(
        request: Request, head: TargetHead, exchange: Exchange | None, sink: Sink
    ) -> Flow | None:
        moved = shifts.get(rule_arn)
        do = compiled.get(moved)
        if do is None:
            present = shifted(action, rule_arn, shifts)
            do = compiled[moved] = compile_forward(present, pools, delivery)
        return do(request, head, exchange, sink)

    return forward


def compile_forward(action: Forward, pools: Mapping[str, Pool], delivery: Delivery) -> Do:
    """Forward to one group, or to several by their weights."""
    groups, weights = _weighted(action, pools)
    if len(groups) == 1:
        return _to_one(groups[0], delivery)
    return _by_weight(groups, weights, action.stickiness, delivery)


def _weighted(
    action: Forward, pools: Mapping[str, Pool]
) -> tuple[tuple[Pool, ...], tuple[int, ...]]:
    """The groups that receive requests, and the sums of the weights up to each."""
    weighted = [  # a deployment's weights may outlive a group
        each for each in action.targets if each.weight > 0 and each.target_group_arn in pools
    ]
    weights = tuple(accumulate(target.weight for target in weighted))
    return tuple(pools[target.target_group_arn] for target in weighted), weights


@dataclass(frozen=True, slots=True)
class Prospects:
    """The possible destinations of a request: `groups` (by weight, if there are several), and the
    target at which a cookie keeps the client."""

    groups: tuple[Pool, ...]
    kept: Target | None = None


def prospects(action: Forward, pools: Mapping[str, Pool], request: Request) -> Prospects:
    """The choices of the compiled action. Nothing is changed."""
    groups, _ = _weighted(action, pools)
    cookies = _cookies(request)
    sticky = action.stickiness if len(groups) > 1 else 0
    if group := _kept_group(cookies, groups, sticky):
        groups = (group,)
    if len(groups) != 1:
        return Prospects(groups)
    return Prospects(groups, _kept_target(cookies, groups[0]))


def _to_one(pool: Pool, delivery: Delivery) -> Do:
    sticky = _by_weight((pool,), (1,), 0, delivery)

    def forward(
        request: Request, head: TargetHead, exchange: Exchange | None, sink: Sink
    ) -> Flow | None:
        if pool.stickiness:
            return sticky(request, head, exchange, sink)
        candidates = pool.candidates
        target = candidates[0] if len(candidates) == 1 else pool.choose()
        return _send(request, head, exchange, sink, pool, target, delivery, None)

    return forward


def _by_weight(
    pools: tuple[Pool, ...], weights: tuple[int, ...], sticky_groups: int, delivery: Delivery
) -> Do:
    def forward(
        request: Request, head: TargetHead, exchange: Exchange | None, sink: Sink
    ) -> Flow | None:
        if not pools:
            answer(sink, delivery.unavailable, head_only=request.method == b"HEAD")
            return None
        cookies = _cookies(request)
        pool = _kept_group(cookies, pools, sticky_groups)
        pool = pool or pools[bisect(weights, random.random() * weights[-1])]  # noqa: S311
        target = _kept_target(cookies, pool) or pool.choose()
        added = _sticky_cookies(pool, target, sticky_groups)
        return _send(request, head, exchange, sink, pool, target, delivery, added)

    return forward


def _send(
    request: Request,
    head: TargetHead,
    exchange: Exchange | None,
    sink: Sink,
    pool: Pool,
    target: Target | None,
    delivery: Delivery,
    headers: ResponseHeaders | None,
) -> Flow | None:
    if target is None:
        if exchange is not None:
            exchange.group_arn = pool.arn
        answer(sink, delivery.unavailable, head_only=request.method == b"HEAD")
        return None
    start, lines, middle, end, before = head
    trace = fresh_trace()
    if exchange is not None and exchange.logs:
        exchange.group_arn = pool.arn
        exchange.task_id = target.task_id
        exchange.trace_id = before + trace if len(middle) == 2 else before + trace + middle[:-2]
    whole = _JOIN((start, request.target, lines, trace, middle, request.added, end))
    return Dispatch(request, whole, exchange, sink, pool, delivery, headers).start(target)


# Stickiness.


def _digest(kind: str, name: str) -> bytes:
    return hmac.digest(_COOKIE_KEY, f"{kind}:{name}".encode(), hashlib.sha256).hex().encode()


def _cookies(request: Request) -> dict[bytes, bytes]:
    pairs = (pair.partition(b"=") for pair in request.fields.get(b"cookie", b"").split(b";"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _kept_target(cookies: Mapping[bytes, bytes], pool: Pool) -> Target | None:
    """The target at which a cookie keeps the client."""
    cookie = cookies.get(b"AWSALB") if pool.stickiness else None
    if not cookie:
        return None
    for target in pool.candidates:
        if hmac.compare_digest(_digest(pool.arn, target.task_id), cookie):
            return target
    return None


def _kept_group(
    cookies: Mapping[bytes, bytes], pools: tuple[Pool, ...], sticky_seconds: int
) -> Pool | None:
    """The target group at which a cookie keeps the client."""
    cookie = cookies.get(b"AWSALBTG") if sticky_seconds else None
    if not cookie:
        return None
    for pool in pools:
        if pool.candidates and hmac.compare_digest(_digest("group", pool.arn), cookie):
            return pool
    return None


def _sticky_cookies(pool: Pool, target: Target | None, group_seconds: int) -> ResponseHeaders:
    cookies: Headers = []
    seconds = pool.stickiness
    if seconds and target is not None:
        value = _digest(pool.arn, target.task_id)
        cookies += _cookie_pair(b"AWSALB", value, seconds)
    if group_seconds:
        cookies += _cookie_pair(b"AWSALBTG", _digest("group", pool.arn), group_seconds)
    return lambda headers: [*headers, *cookies]


def _cookie_pair(name: bytes, value: bytes, seconds: int) -> Headers:
    expires = http_date(time.time() + seconds)
    plain = b"%b=%b; Expires=%b; Path=/" % (name, value, expires)
    cross = b"%bCORS=%b; Expires=%b; Path=/; SameSite=None" % (name, value, expires)
    return [header(b"Set-Cookie", plain), header(b"Set-Cookie", cross)]
