"""AWS Systems Manager: parameters."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.cloudformation.resources.kind import Kind, Made, Request, plain


def _parameter(request: Request) -> Made:
    given = request.properties
    name = str(given.get("Name") or f"CFN-{request.logical_id}-{request.random(12)}")
    state = {
        "id": name,
        "name": name,
        "arn": request.place.arn("ssm", f"parameter/{name.removeprefix('/')}"),
        **plain(given, "Type Value Description AllowedPattern Tier DataType"),
        "tags": request.all_tags(),
    }
    attributes = {"Type": str(given["Type"]), "Value": str(given["Value"])}
    return Made(name, attributes, (("aws_ssm_parameter", state),))


KINDS: Mapping[str, Kind] = {
    "AWS::SSM::Parameter": Kind(
        _parameter, named_by="Name", unserved={"Policies": "a parameter does not expire"}
    ),
}
