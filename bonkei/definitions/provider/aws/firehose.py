"""Amazon Data Firehose: delivery streams."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.naming import arn_as_id
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour

RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_kinesis_firehose_delivery_stream": resource(arn_as_id("firehose", "deliverystream/")),
}
