"""Parameters of Systems Manager."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.blueprint.storage import Parameter
from bonkei.services.endpoint.provision.step import Thing, calls_of

_call = calls_of("ssm", "AmazonSSM")
_GONE = frozenset({"ParameterNotFound", "InvalidResourceId"})


def parameters(found: tuple[Parameter, ...]) -> Iterator[Thing]:
    """Parameters. A program's value stays until Terraform writes another."""
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
    return Thing.of(
        "parameter",
        parameter.name,
        parameter,
        put,
        changes=(_call("PutParameter", {**content, "Overwrite": True}),),
        end=(_call("DeleteParameter", {"Name": parameter.name}, _GONE),),
        content=str(parameter.version) if parameter.version > 1 else "",
    )


def _tags(parameter: Parameter) -> Iterator[Thing]:
    if not parameter.tags:
        return
    resource = {"ResourceType": "Parameter", "ResourceId": parameter.name}
    tags = [{"Key": key, "Value": value} for key, value in parameter.tags.items()]
    make = _call("AddTagsToResource", {**resource, "Tags": tags})
    end = _call("RemoveTagsFromResource", {**resource, "TagKeys": sorted(parameter.tags)}, _GONE)
    yield Thing.of("parameter-tags", parameter.name, parameter, make, end=(end,), anew=True)
