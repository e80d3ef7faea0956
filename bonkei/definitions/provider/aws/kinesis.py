"""Amazon Kinesis Data Streams: streams."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.naming import arn_as_id
from bonkei.definitions.provider.aws.shared.own import by_own_names
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour

RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_kinesis_stream": resource(arn_as_id("kinesis", "stream/")),
}

DATA_SOURCES = by_own_names("aws_kinesis_stream")
