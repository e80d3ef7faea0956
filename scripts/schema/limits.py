"""Lengths, ranges and patterns of AWS's APIs behind the arguments of resource types.

The provider's source does not say which of an API's shapes an argument becomes. It is taken as
certain where the names say so all the way: the type is named after the operation that makes it
(`aws_cloudwatch_metric_alarm`: CloudWatch's PutMetricAlarm), and the argument after a member of its
input, in the same structure (`alarm_description`: AlarmDescription). Where the provider's own
source states a length or a range too, the two agree in 308 cases of 324; the provider's stands.

Left out: documents, whose white space the provider changes; ARNs and regions, whose patterns know
fewer partitions than there are; what is secret, since a message shows the value; patterns that
Python does not understand as Java does.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from botocore.loaders import Loader

from bonkei.definitions.provider.facts.checks import checks_of
from bonkei.definitions.provider.schema import Block

Json = Any

# Beginnings of types that do not name their service as botocore does; the first match counts.
_SERVICES = {
    "aws_cloudwatch_log_": "logs",
    "aws_cloudwatch_event_": "events",
    "aws_cloudwatch_": "cloudwatch",
    "aws_appautoscaling_": "application-autoscaling",
    "aws_apigatewayv2_": "apigatewayv2",
    "aws_api_gateway_": "apigateway",
    "aws_codestarconnections_": "codestar-connections",
    "aws_codestarnotifications_": "codestar-notifications",
    "aws_cognito_": "cognito-idp",
    "aws_db_": "rds",
    "aws_rds_": "rds",
    "aws_lb_": "elbv2",
    "aws_lb": "elbv2",
    "aws_kinesis_firehose_": "firehose",
    "aws_msk_": "kafka",
    "aws_scheduler_": "scheduler",
    "aws_service_discovery_": "servicediscovery",
    "aws_sfn_": "stepfunctions",
    "aws_ses_": "ses",
    "aws_vpc": "ec2",
    "aws_dx_": "directconnect",
}
_VERBS = ("create", "put", "register", "request")
_DOCUMENTS = ("polic", "document", "template", "definition", "json", "schema", "body", "pattern")
_SECRETS = ("password", "secret", "credential", "token", "key_material")
_STATED = {"length", "range", "patterns", "enum"}
_KINDS = {"string", "integer", "long"}
# Where AWS takes more than its model says: a cluster may have 30 brokers and more.
# https://docs.aws.amazon.com/msk/latest/developerguide/limits.html
_NOT_HELD = {("aws_msk_cluster", "number_of_broker_nodes")}


def limits(type_name: str, block: Block) -> dict[str, dict[str, Json]]:
    """Dotted path of an argument -> `api_length`, `api_range` or `api_pattern`."""
    service = _service(type_name)
    if service is None:
        return {}
    noun = _letters(_without_service(type_name, service))
    for verb in _VERBS:
        operation = _operations(service).get(verb + noun)
        if operation and "input" in operation:
            shapes = _model(service)["shapes"]
            return dict(_inside(shapes, shapes[operation["input"]["shape"]], block, noun, ""))
    return {}


def add_limits(types: dict[str, dict[str, Json]], carried: Mapping[str, Block]) -> None:
    """Put them among the facts of the types, where those say nothing of the kind themselves."""
    for facts in types.values():
        for path, known in list(facts.items()):
            facts[path] = {key: one for key, one in known.items() if not key.startswith("api_")}
            if not facts[path]:
                del facts[path]
    for type_name, block in carried.items():
        for path, found in limits(type_name, block).items():
            known = types.get(type_name, {}).get(path, {})
            if (type_name, path) in _NOT_HELD or known.keys() & _STATED:
                continue
            usual = known.get("default", "")
            if not any(check(usual) for check in checks_of(found, {})):
                types.setdefault(type_name, {})[path] = known | found


def _service(type_name: str) -> str | None:
    for start, service in _SERVICES.items():
        if type_name.startswith(start):
            return service
    word = type_name.split("_")[1]
    return word if word in _available() else None


def _without_service(type_name: str, service: str) -> str:
    starts = sorted((one for one, name in _SERVICES.items() if name == service), key=len)
    for start in reversed(starts):
        if start.endswith("_") and type_name.startswith(start):
            return type_name.removeprefix(start)
    return type_name.removeprefix("aws_").removeprefix(f"{service}_")


def _inside(
    shapes: Json, shape: Json, block: Block, noun: str, path: str
) -> Iterator[tuple[str, dict[str, Json]]]:
    members = {_letters(name): shapes[one["shape"]] for name, one in shape["members"].items()}
    for name, attribute in block.attributes.items():
        letters = _letters(name)
        own = members.get(f"{noun}name") if name == "name" and not path else None
        member = members.get(letters, own)
        is_shown = not attribute.sensitive and not any(word in path + name for word in _SECRETS)
        if member is None or not is_shown or not (attribute.optional or attribute.required):
            continue
        plain = attribute.type in ("string", "number") and member["type"] in _KINDS
        if plain and (attribute.type == "string") == (member["type"] == "string"):
            found = _stated(member, name)
            if found:
                yield f"{path}{name}", found
    for name, nested in block.blocks.items():
        member = members.get(_letters(name))
        while member is not None and member["type"] == "list":
            member = shapes[member["member"]["shape"]]
        if member is not None and member["type"] == "structure":
            yield from _inside(shapes, member, nested.block, noun, f"{path}{name}.")


def _stated(shape: Json, name: str) -> dict[str, Json]:
    if "enum" in shape:
        return {}
    low, high = shape.get("min"), shape.get("max")
    if shape["type"] != "string":
        return {"api_range": [low, high]} if low is not None or high is not None else {}
    found: dict[str, Json] = {}
    if any(word in name for word in _DOCUMENTS):
        return {}
    if high is not None or (low or 0) > 1:
        found["api_length"] = [low or 0, high]
    pattern = shape.get("pattern")
    if pattern and not name.endswith("region") and _is_understood(pattern):
        found["api_pattern"] = pattern
    return found


def _is_understood(pattern: str) -> bool:
    if "arn" in pattern or re.search(r"\\[pPhHvVRX]|&&|[*+?}]\+", pattern):
        return False
    try:
        with warnings.catch_warnings(action="error"):  # what Python may come to read otherwise
            re.compile(pattern)
    except (re.error, FutureWarning):
        return False
    return True


_LOADER = Loader()  # one, because each looks into the folders of all services first


@cache
def _available() -> frozenset[str]:
    return frozenset(_LOADER.list_available_services("service-2"))


@cache
def _model(service: str) -> Json:
    return _LOADER.load_service_model(service, "service-2")


@cache
def _operations(service: str) -> Mapping[str, Json]:
    return {_letters(name): one for name, one in _model(service)["operations"].items()}


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
