"""The name servers of a hosted zone."""

from __future__ import annotations

from bonkei.definitions.provider.aws.shared.seeds import HEX, scatter


def name_servers(seed: str) -> list[str]:
    """Four name servers of Route 53, one in each of its top-level domains."""
    return [
        f"ns-{base + int(scatter(f'{seed}/{top}', 3, HEX), 16) % 512}.awsdns-"
        f"{int(scatter(f'{seed}/{top}/n', 2, HEX), 16) % 64:02}.{top}"
        for base, top in ((0, "com"), (512, "net"), (1024, "org"), (1536, "co.uk"))
    ]
