"""AWS's published facts about its regions: zones, prefix lists, hosted zones of its own names.

A region that is not listed still works; its values are then generated.
"""

from __future__ import annotations

from bonkei.definitions.provider.aws.shared.seeds import UPPER, scatter

# The letters of a region's availability zones, for an account that sees all of them.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html
_ZONES = {
    "us-east-1": "abcdef",
    "us-west-1": "ac",
    "us-west-2": "abcd",
    "ap-northeast-1": "acd",
    "ap-northeast-2": "abcd",
    "ca-central-1": "abd",
    "sa-east-1": "abc",
}
_AREA = {
    "north": "n",
    "south": "s",
    "east": "e",
    "west": "w",
    "central": "c",
    "northeast": "ne",
    "southeast": "se",
    "northwest": "nw",
    "southwest": "sw",
}

# "Canonical hosted zone" of an Application Load Balancer's name.
# https://docs.aws.amazon.com/general/latest/gr/elb.html
_APPLICATION_LOAD_BALANCER_ZONES = {
    "us-east-1": "Z35SXDOTRQ7X7K",
    "us-east-2": "Z3AADJGX6KTTL2",
    "us-west-1": "Z368ELLRRE2KJ0",
    "us-west-2": "Z1H1FL5HABSF5",
    "af-south-1": "Z268VQBMOI5EKX",
    "ap-east-1": "Z3DQVH9N71FHZ0",
    "ap-south-1": "ZP97RAFLXTNZK",
    "ap-northeast-1": "Z14GRHDCWA56QT",
    "ap-northeast-2": "ZWKZPGTI48KDX",
    "ap-northeast-3": "Z5LXEXXYW11ES",
    "ap-southeast-1": "Z1LMS91P8CMLE5",
    "ap-southeast-2": "Z1GM3OXH4ZPM65",
    "ca-central-1": "ZQSVJUPU6J1EY",
    "eu-central-1": "Z215JYRZR1TBD5",
    "eu-west-1": "Z32O12XQLNTSW2",
    "eu-west-2": "ZHURV8PSTC4K8",
    "eu-west-3": "Z3Q77PNBQS71R4",
    "eu-south-1": "Z3ULH7SSC9OV64",
    "eu-north-1": "Z23TAZ6LKFMNIO",
    "me-south-1": "ZS929ML54UICD",
    "sa-east-1": "Z2P70J7HTTTPLU",
}
_NETWORK_LOAD_BALANCER_ZONES = {
    "us-east-1": "Z26RNL4JYFTOTI",
    "us-east-2": "ZLMOA37VPKANP",
    "us-west-1": "Z24FKFUX50B4VW",
    "us-west-2": "Z18D5FSROUN65G",
    "ap-northeast-1": "Z31USIVHYNEOWT",
    "eu-west-1": "Z2IFOLAFXWLO4F",
    "eu-central-1": "Z3F0SRJ5LGBH90",
}
# https://docs.aws.amazon.com/general/latest/gr/s3.html
_BUCKET_ZONES = {
    "us-east-1": "Z3AQBSTGFYJSTF",
    "us-east-2": "Z2O1EMRO9K5GLX",
    "us-west-1": "Z2F56UZL2M1ACD",
    "us-west-2": "Z3BJ6K6RIION7M",
    "ap-south-1": "Z11RGJOFQNVJUP",
    "ap-northeast-1": "Z2M4EHUR26P7ZW",
    "ap-northeast-2": "Z3W03O7B5YMIYP",
    "ap-northeast-3": "Z2YQB5RD63NC85",
    "ap-southeast-1": "Z3O0J2DXBE1FTB",
    "ap-southeast-2": "Z1WCIGYICN2BYD",
    "ca-central-1": "Z1QDHH18159H29",
    "eu-central-1": "Z21DNDUVLTQW6Q",
    "eu-west-1": "Z1BKCTXD74EZPE",
    "eu-west-2": "Z3GKZC51ZF0DB4",
    "eu-west-3": "Z3R1K369G5AVDG",
    "eu-north-1": "Z3BAZG2TWCNX0D",
    "sa-east-1": "Z7KQH4QJS55SO",
}
_DATABASE_ZONES = {"ap-northeast-1": "Z24O6O9L7SGTNB", "us-east-1": "Z2R2ITUGPM61AM"}

# com.amazonaws.global.cloudfront.origin-facing
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/LocationsOfEdgeServers.html
_ORIGIN_FACING = {
    "us-east-1": "pl-3b927c52",
    "us-east-2": "pl-b6a144df",
    "us-west-1": "pl-4ea04527",
    "us-west-2": "pl-82a045eb",
    "af-south-1": "pl-c0aa4fa9",
    "ap-east-1": "pl-14b2577d",
    "ap-south-1": "pl-9aa247f3",
    "ap-northeast-1": "pl-58a04531",
    "ap-northeast-2": "pl-22a6434b",
    "ap-northeast-3": "pl-31a14458",
    "ap-southeast-1": "pl-31a34658",
    "ap-southeast-2": "pl-b8a742d1",
    "ca-central-1": "pl-38a64351",
    "eu-central-1": "pl-a3a144ca",
    "eu-west-1": "pl-4fa04526",
    "eu-west-2": "pl-93a247fa",
    "eu-west-3": "pl-75b1541c",
    "eu-south-1": "pl-1bbc5972",
    "eu-north-1": "pl-fab65393",
    "me-south-1": "pl-17b2577e",
    "sa-east-1": "pl-5da64334",
}
_GATEWAYS = {
    ("us-east-1", "s3"): "pl-63a5400a",
    ("us-east-1", "dynamodb"): "pl-02cd2c6b",
    ("ap-northeast-1", "s3"): "pl-61a54008",
    ("ap-northeast-1", "dynamodb"): "pl-78a54011",
}


def dns_suffix(partition: str) -> str:
    """The domain of a partition's services."""
    return "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"


def zone_names(region: str) -> tuple[str, ...]:
    """The names of a region's availability zones."""
    return tuple(f"{region}{letter}" for letter in _ZONES.get(region, "abc"))


def zone_id(zone: str) -> str:
    """A zone's id (`apne1-az4` for ap-northeast-1a). On AWS the letter of an id differs by account.
    Here the ids are numbered in the order of the letters, except where all accounts share an
    order."""
    fixed = {"ap-northeast-1a": 4, "ap-northeast-1c": 1, "ap-northeast-1d": 2}
    number = fixed.get(zone, ord(zone[-1]) - ord("a") + 1)
    continent, *areas, serial = zone[:-1].split("-")
    return f"{continent}{''.join(_AREA.get(area, area) for area in areas)}{serial}-az{number}"


def load_balancer_zone(region: str, kind: str) -> str:
    network = kind in ("network", "gateway")
    table = _NETWORK_LOAD_BALANCER_ZONES if network else _APPLICATION_LOAD_BALANCER_ZONES
    return table.get(region) or _minted_zone(f"elb/{kind}/{region}")


def bucket_zone(region: str) -> str:
    return _BUCKET_ZONES.get(region) or _minted_zone(f"s3/{region}")


def database_zone(region: str) -> str:
    return _DATABASE_ZONES.get(region) or _minted_zone(f"rds/{region}")


def endpoint_zone(region: str) -> str:
    return _minted_zone(f"vpce/{region}")


def origin_facing_prefix_list(region: str) -> str:
    return _ORIGIN_FACING.get(region) or _minted_prefix_list(f"cloudfront/{region}")


def gateway_prefix_list(region: str, service: str) -> str:
    return _GATEWAYS.get((region, service)) or _minted_prefix_list(f"{service}/{region}")


def _minted_zone(seed: str) -> str:
    return f"Z{scatter(seed, 13, UPPER)}"


def _minted_prefix_list(seed: str) -> str:
    return f"pl-{scatter(seed, 8, '0123456789abcdef')}"
