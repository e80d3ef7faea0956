"""How the provider's package `names` calls its constants."""

from __future__ import annotations

_INITIALISMS = (
    *(
        "ACL",
        "AMI",
        "AWS",
        "CloudWatch",
        "API",
        "ARN",
        "AZ",
        "CIDR",
        "DB",
        "DNS",
        "EBS",
        "ECS",
        "FQDN",
        "HTTP",
        "ID",
    ),
    *("IAM", "IOPS", "IP", "JSON", "KMS", "S3", "SNS", "SQL", "SSE", "SSL", "TLS", "TTL", "URI"),
    *("URL", "UUID", "VPC", "MD5", "IPv4", "IPv6", "IDs", "ARNs", "VPCs", "IPs", "JWT", "SSH"),
)


def attribute_name(name: str) -> str:
    """`KMSKeyID` -> `kms_key_id`: how the provider's package `names` calls its constants."""
    words = []
    while name:
        start = next(
            (one for one in sorted(_INITIALISMS, key=len, reverse=True) if name.startswith(one)),
            None,
        )
        if start is None or (name[len(start) :][:1].islower() and start not in ("IDs", "ARNs")):
            start = name[0] + "".join(_while_lower(name[1:]))
        words.append(start.lower())
        name = name[len(start) :]
    return "_".join(words)


def _while_lower(text: str) -> list[str]:
    found = []
    for character in text:
        if character.isupper():
            break
        found.append(character)
    return found
