"""Parameters of this stack, and AWS's public ones that name an image, for a plan or for one run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.lookups import none_found
from bonkei.definitions.provider.aws.shared.seeds import HEX, scatter
from bonkei.definitions.provider.behaviour import Context, DataSource, EphemeralResource, Refused
from bonkei.definitions.provider.values import Object

_PUBLIC = "/aws/service/"
_FLUENT_BIT = f"{_PUBLIC}aws-for-fluent-bit/"


def _public_image(name: str, region: str) -> str | None:
    """The values of AWS's public parameters for images: a machine's, or the log router's.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/firelens-using-fluentbit.html
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/retrieve-ecs-optimized_AMI.html
    """
    if name.startswith(_FLUENT_BIT):
        tag = name.removeprefix(_FLUENT_BIT)
        return f"906394416424.dkr.ecr.{region}.amazonaws.com/aws-for-fluent-bit:{tag}"
    if not (name.startswith(_PUBLIC) and "ami" in name):
        return None
    image = f"ami-0{scatter(f'{region}/{name}', 16, HEX)}"
    whole = {"image_id": image, "image_name": name.removeprefix(_PUBLIC), "schema_version": 1}
    return json.dumps(whole) if name.endswith("/recommended") else image


def _parameter(config: Object, context: Context) -> Object:
    """Read a parameter of this stack, or one of AWS's public parameters that name an image."""
    name = str(config.get("name"))
    place = f"arn:{context.partition}:ssm:{context.region}:{context.account_id}"
    for parameter in context.peers("aws_ssm_parameter"):
        if name in (parameter.get("name"), parameter.get("arn")):
            insecure = parameter.get("value") if parameter.get("type") != "SecureString" else None
            return {**parameter, "insecure_value": insecure, "name": name}
    image = _public_image(name, context.region)
    if image is None:
        raise none_found("aws_ssm_parameter", config)
    return {
        "id": name,
        "arn": f"{place}:parameter{name}",
        "type": "String",
        "value": image,
        "insecure_value": image,
        "version": 1,
    }


def _parameter_for_one_run(config: Object, context: Context) -> Object:
    """Read from the vault by its ARN: the state does not have write-only values. No plan or state
    keeps what this returns."""
    arn = str(config.get("arn"))
    for parameter in context.peers("aws_ssm_parameter"):
        if parameter.get("arn") == arn:
            if why := context.vault.withheld(arn):
                raise Refused(f"AccessDeniedException: {why}")
            value = context.vault.get(arn)
            known = parameter.get("value") or parameter.get("insecure_value")
            return {
                "name": parameter.get("name"),
                "type": parameter.get("type"),
                "value": known if value is None else value,
                "version": parameter.get("version"),
                "region": config.get("region") or context.region,
                "with_decryption": config.get("with_decryption") is not False,
            }
    if match := re.fullmatch(r"arn:[\w-]+:ssm:[\w-]+::parameter(/aws/service/.+)", arn):
        public = _parameter({"name": match[1]}, context)
        return {**public, "name": match[1], "with_decryption": True}
    raise none_found("aws_ssm_parameter", {"arn": arn})


DATA_SOURCES: Mapping[str, DataSource] = {
    "aws_ssm_parameter": DataSource(read=_parameter),
}

EPHEMERAL_RESOURCES: Mapping[str, EphemeralResource] = {
    "aws_ssm_parameter": EphemeralResource(open=_parameter_for_one_run),
}
