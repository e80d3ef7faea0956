"""The operations: all of them read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Operations
from bonkei.base.paging import page
from bonkei.blueprint import Blueprint
from bonkei.blueprint.elbv2 import Listener, LoadBalancer, TargetGroup
from bonkei.services.edge.alb.forward import Shifts
from bonkei.services.edge.api import descriptions

Json = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TargetHealth:
    """`state` and `reason` have the values of DescribeTargetHealth. `id`: the target's IP
    address."""

    id: str
    port: int
    state: str
    reason: str


Health = Callable[[str], Sequence[TargetHealth]]
"""The targets of a target group's ARN."""


def service(
    blueprint: Callable[[], Blueprint],
    health: Health,
    shifts: Callable[[], Shifts] = dict,
) -> AwsService:
    """The service, for the applied definitions. `shifts`: the weights that deployments have
    written into rules."""
    return Operations.of(_LoadBalancing(blueprint, health, shifts))


class _LoadBalancing:
    def __init__(
        self, blueprint: Callable[[], Blueprint], health: Health, shifts: Callable[[], Shifts]
    ) -> None:
        self._blueprint = blueprint
        self._health = health
        self._shifts = shifts

    async def describe_load_balancers(self, call: AwsCall) -> Json:
        known = self._blueprint()
        arns, names = call.parameters.get("LoadBalancerArns"), call.parameters.get("Names")
        found = _chosen(known.load_balancers, arns, names, "LoadBalancer", "Load balancers")
        return _page(
            call, "LoadBalancers", (descriptions.load_balancer(one, known) for one in found)
        )

    async def describe_listeners(self, call: AwsCall) -> Json:
        known = self._blueprint()
        wanted = call.parameters.get("ListenerArns")
        pairs = list(_all_listeners(known))
        if of := call.parameters.get("LoadBalancerArn"):
            _load_balancer(known, of)
            pairs = [(one, balancer) for one, balancer in pairs if balancer.arn == of]
        elif not wanted:
            raise AwsServiceError(
                "ValidationError", "You must specify either listener ARNs or a load balancer ARN"
            )
        found = _by_arn([one for one, _ in pairs], wanted, "Listener", "Listeners")
        balancers = {one.arn: balancer for one, balancer in pairs}
        return _page(
            call, "Listeners", (descriptions.listener(one, balancers[one.arn]) for one in found)
        )

    async def describe_rules(self, call: AwsCall) -> Json:
        of, wanted = call.parameters.get("ListenerArn"), call.parameters.get("RuleArns")
        if not of and not wanted:
            raise AwsServiceError(
                "ValidationError", "You must specify either listener rule ARNs or a listener ARN"
            )
        listeners = [one for one, _ in _all_listeners(self._blueprint())]
        chosen = _by_arn(listeners, [of], "Listener", "Listeners") if of else listeners
        found = [rule for one in chosen for rule in descriptions.rules(one, self._shifts())]
        if wanted:
            found = [rule for rule in found if rule["RuleArn"] in wanted]
            if missing := set(wanted) - {rule["RuleArn"] for rule in found}:
                raise _missing("Rule", "Rules", missing)
        return _page(call, "Rules", found)

    async def describe_target_groups(self, call: AwsCall) -> Json:
        known = self._blueprint()
        arns, names = call.parameters.get("TargetGroupArns"), call.parameters.get("Names")
        found = _chosen(known.target_groups, arns, names, "TargetGroup", "Target groups")
        if of := call.parameters.get("LoadBalancerArn"):
            mine = descriptions.group_arns(_load_balancer(known, of))
            found = [one for one in found if one.arn in mine]
        return _page(call, "TargetGroups", (descriptions.target_group(one, known) for one in found))

    async def describe_target_health(self, call: AwsCall) -> Json:
        group = _target_group(self._blueprint(), call.parameters["TargetGroupArn"])
        asked = call.parameters.get("Targets")
        targets = list(self._health(group.arn))
        if asked is None:
            return {"TargetHealthDescriptions": [_described(one, group) for one in targets]}
        described = []
        for target in asked:
            port = target.get("Port")
            fitting = [
                one for one in targets if one.id == target["Id"] and port in (None, one.port)
            ]
            unknown = TargetHealth(
                target["Id"], port or group.port, "unused", "Target.NotRegistered"
            )
            described += [_described(one, group) for one in fitting or [unknown]]
        return {"TargetHealthDescriptions": described}

    async def describe_tags(self, call: AwsCall) -> Json:
        known = self._blueprint()
        arns = {one.arn for one in known.load_balancers} | {one.arn for one in known.target_groups}
        for one, _ in _all_listeners(known):
            arns |= {one.arn, *(rule["RuleArn"] for rule in descriptions.rules(one))}
        described = []
        for arn in call.parameters["ResourceArns"]:
            if arn not in arns:
                raise _missing("LoadBalancer", "Resources", {arn})
            tags = known.tags.get(arn, {})
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            described.append({"ResourceArn": arn, "Tags": pairs})
        return {"TagDescriptions": described}

    async def describe_load_balancer_attributes(self, call: AwsCall) -> Json:
        found = _load_balancer(self._blueprint(), call.parameters["LoadBalancerArn"])
        return _attributes(descriptions.load_balancer_attributes(found))

    async def describe_target_group_attributes(self, call: AwsCall) -> Json:
        found = _target_group(self._blueprint(), call.parameters["TargetGroupArn"])
        return _attributes(descriptions.target_group_attributes(found))


def _described(one: TargetHealth, group: TargetGroup) -> Json:
    health = {"State": one.state, "Reason": one.reason or None}
    check = group.health_check.port
    return {
        "Target": {"Id": one.id, "Port": one.port},
        "HealthCheckPort": str(one.port) if check == "traffic-port" else check,
        "TargetHealth": health,
    }


def _attributes(found: Mapping[str, str]) -> Json:
    return {"Attributes": [{"Key": key, "Value": value} for key, value in found.items()]}


def _all_listeners(known: Blueprint) -> Iterable[tuple[Listener, LoadBalancer]]:
    return ((one, balancer) for balancer in known.load_balancers for one in balancer.listeners)


def _load_balancer(known: Blueprint, arn: str) -> LoadBalancer:
    return _by_arn(known.load_balancers, [arn], "LoadBalancer", "Load balancers")[0]


def _target_group(known: Blueprint, arn: str) -> TargetGroup:
    return _by_arn(known.target_groups, [arn], "TargetGroup", "Target groups")[0]


def _chosen(
    known: Sequence[T], arns: Sequence[str] | None, names: Sequence[str] | None, kind: str,
    what: str,
) -> list[T]:  # fmt: skip
    """By ARNs, by names, or all. Raises AwsServiceError if one is missing."""
    if not names:
        return _by_arn(known, arns, kind, what)
    found = [one for one in known if one.name in names]  # type: ignore[attr-defined]
    if missing := set(names) - {one.name for one in found}:  # type: ignore[attr-defined]
        raise _missing(kind, what, missing)
    return found


def _by_arn(known: Sequence[T], arns: Sequence[str] | None, kind: str, what: str) -> list[T]:
    if not arns:
        return list(known)
    found = [one for one in known if one.arn in arns]  # type: ignore[attr-defined]
    if missing := set(arns) - {one.arn for one in found}:  # type: ignore[attr-defined]
        raise _missing(kind, what, missing)
    return found


def _missing(kind: str, what: str, names: Iterable[str]) -> AwsServiceError:
    listed = ", ".join(sorted(names))
    return AwsServiceError(f"{kind}NotFoundException", f"{what} '[{listed}]' not found")


def _page(call: AwsCall, name: str, items: Iterable[Json]) -> Json:
    marker, size = call.parameters.get("Marker"), call.parameters.get("PageSize", 400)
    found, token = page(tuple(items), marker, size, "ValidationError")
    return {name: found, "NextMarker": token}
