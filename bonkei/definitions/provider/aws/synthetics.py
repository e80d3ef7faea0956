"""Amazon CloudWatch Synthetics: canaries, of which Synthetics makes a function and a layer.

https://docs.aws.amazon.com/AmazonSynthetics/latest/APIReference/API_Canary.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value


def _canary(mint: Mint) -> Mapping[str, Value]:
    name = str(mint.given("name"))
    made = f"cwsyn-{name[:21]}-{mint.uuid()}"  # a function's name has 64; how AWS cuts is unknown
    return {
        "id": name,
        "arn": mint.arn("synthetics", f"canary:{name}"),
        "engine_arn": mint.arn("lambda", f"function:{made}:1"),
        "source_location_arn": mint.arn("lambda", f"layer:{made}:1"),
        "status": "RUNNING" if mint.given("start_canary") else "READY",
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {"aws_synthetics_canary": resource(_canary)}
