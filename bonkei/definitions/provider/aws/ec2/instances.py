"""Amazon EC2: instances, such as a bastion, their launch templates and volumes.

Ids: "Resource IDs", https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from bonkei.definitions.provider.aws.ec2.networks import ec2
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.regions import zone_names
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import HEX
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value


def _instance(mint: Mint) -> Mapping[str, Value]:
    subnet = mint.peer("aws_subnet", mint.given("subnet_id"))
    private = mint.given("private_ip") or _address(mint, str(subnet.get("cidr_block") or ""))
    public = mint.given("associate_public_ip_address") is True
    outside = f"203.0.113.{int(mint.random(4, HEX, 'public'), 16) % 254 + 1}" if public else ""
    dashed = str(private).replace(".", "-")
    return {
        **{k: v for k, v in ec2(mint, "instance", mint.id("i")).items() if k != "owner_id"},
        "instance_state": "running",
        "availability_zone": subnet.get("availability_zone") or zone_names(mint.region)[0],
        "private_ip": private,
        "private_dns": f"ip-{dashed}.{mint.region}.compute.internal",
        "public_ip": outside,
        "public_dns": (
            f"ec2-{outside.replace('.', '-')}.{mint.region}.compute.{mint.suffix}" if public else ""
        ),
        "primary_network_interface_id": mint.id("eni"),
        "tenancy": "default",
    }


def _address(mint: Mint, block: str) -> str:
    """One of the subnet's addresses. AWS reserves the first four and the last."""
    network = ipaddress.IPv4Network(block or "10.0.0.0/24")
    usable = max(1, network.num_addresses - 5)
    return str(network[4 + int(mint.random(6, HEX, "private"), 16) % usable])


def _key_pair(mint: Mint) -> Mapping[str, Value]:
    name = mint.name("key_name", prefix_argument="key_name_prefix")
    digits = mint.random(32, HEX, "fingerprint")
    return {
        "id": name,
        "key_name": name,
        "key_pair_id": mint.id("key"),
        "key_type": "rsa",
        "arn": mint.arn("ec2", f"key-pair/{name}"),
        "fingerprint": ":".join(digits[at : at + 2] for at in range(0, 32, 2)),
    }


def _launch_template(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.id("lt")
    return {
        "id": identifier,
        "arn": mint.arn("ec2", f"launch-template/{identifier}"),
        "name": mint.name(),
        "latest_version": mint.context.generation,
        "default_version": 1,
    }


def _volume(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.id("vol")
    return {"id": identifier, "arn": mint.arn("ec2", f"volume/{identifier}"), "type": "gp2"}


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_instance": resource(_instance),
    "aws_key_pair": resource(_key_pair),
    "aws_launch_template": resource(
        _launch_template,
        recomputed={"latest_version": "*"},
    ),
    "aws_ebs_volume": resource(_volume),
}
