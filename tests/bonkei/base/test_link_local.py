"""Addresses that no request for others may reach."""

from __future__ import annotations

import pytest

from bonkei.base.link_local import LinkLocalError, require_other


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254", "169.254.170.2", "::ffff:169.254.169.254", "fd00:ec2::254",
        "fe80::1%eth0", "fd00:ec2::23", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::1",
        "::169.254.169.254", "fd20:ce::254", "100.100.100.200",
    ],
)  # fmt: skip
def test_a_machines_own_metadata_is_refused(address: str) -> None:
    with pytest.raises(LinkLocalError, match="metadata"):
        require_other(address)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "10.0.0.1", "8.8.8.8", "fd00::1", "100.100.100.201"]
)
def test_other_addresses_are_not(address: str) -> None:
    require_other(address)
