"""Parameters of Systems Manager."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bonkei.base.arn import Arn
from bonkei.blueprint.storage import Parameter
from bonkei.services.endpoint.provision.step import JsonStep, Thing

_GONE = frozenset({"ParameterNotFound", "InvalidResourceId"})


def parameters(found: tuple[Parameter, ...]) -> Iterator[Thing]:
    """Parameters. A program's value stays until the definition changes."""
    for parameter in found:
        yield _parameter(parameter)
        yield from _tags(parameter)


def _parameter(parameter: Parameter) -> Thing:
    content = {
        "Name": parameter.name,
        "Type": parameter.type,
        "Value": parameter.value,
        "Description": parameter.description,
        "KeyId": parameter.key_id,
        "AllowedPattern": parameter.allowed_pattern,
        "Tier": parameter.tier,
        "DataType": parameter.data_type,
    }
    content = {name: value for name, value in content.items() if value or name == "Value"}
    put = _call(
        "PutParameter", {**content, "Overwrite": False}, frozenset({"ParameterAlreadyExists"})
    )
    return Thing(
        "parameter",
        parameter.name,
        parameter.address,
        Arn.of(parameter.arn).region,
        (put,),
        changes=(_call("PutParameter", {**content, "Overwrite": True}),),
        end=(_call("DeleteParameter", {"Name": parameter.name}, _GONE),),
    )


def _tags(parameter: Parameter) -> Iterator[Thing]:
    if not parameter.tags:
        return
    resource = {"ResourceType": "Parameter", "ResourceId": parameter.name}
    tags = [{"Key": key, "Value": value} for key, value in parameter.tags.items()]
    make = _call("AddTagsToResource", {**resource, "Tags": tags})
    end = _call("RemoveTagsFromResource", {**resource, "TagKeys": sorted(parameter.tags)}, _GONE)
    yield Thing(
        "parameter-tags",
        parameter.name,
        parameter.address,
        Arn.of(parameter.arn).region,
        (make,),
        end=(end,),
        anew=True,
    )


def _call(
    operation: str, content: Mapping[str, Any], accepted: frozenset[str] = frozenset()
) -> JsonStep:
    return JsonStep("ssm", f"AmazonSSM.{operation}", content, accepted)
