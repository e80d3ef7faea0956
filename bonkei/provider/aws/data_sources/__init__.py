"""The data sources that can be answered without an account: what is published, and what the
configuration itself says. Any other is refused by the core, by name."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws.data_sources import account, network, own, policies
from bonkei.provider.behaviour import DataSource

DATA_SOURCES: Mapping[str, DataSource] = {
    **account.DATA_SOURCES,
    **network.DATA_SOURCES,
    **own.DATA_SOURCES,
    **policies.DATA_SOURCES,
}
