"""A parameter's value for one run. No plan or state keeps it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.lookups import none_found
from bonkei.definitions.provider.aws.ssm import data_sources
from bonkei.definitions.provider.behaviour import Context, EphemeralResource
from bonkei.definitions.provider.values import Object


def _parameter(config: Object, context: Context) -> Object:
    """Read from the vault by its ARN: the state does not have write-only values."""
    arn = str(config.get("arn"))
    for parameter in context.peers("aws_ssm_parameter"):
        if parameter.get("arn") == arn:
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
        public = data_sources.DATA_SOURCES["aws_ssm_parameter"].read({"name": match[1]}, context)
        return {**public, "name": match[1], "with_decryption": True}
    raise none_found("aws_ssm_parameter", {"arn": arn})


EPHEMERAL_RESOURCES: Mapping[str, EphemeralResource] = {
    "aws_ssm_parameter": EphemeralResource(open=_parameter)
}
