"""The data sources that can be answered without an account: what is published, what is certain to
be there, and what the stack itself has made. Any other is refused by the core, by name."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws.data_sources import account, believed, network, own, policies, stored
from bonkei.provider.behaviour import DataSource

DATA_SOURCES: Mapping[str, DataSource] = {
    **own.DATA_SOURCES,
    **account.DATA_SOURCES,
    **believed.DATA_SOURCES,
    **network.DATA_SOURCES,
    **policies.DATA_SOURCES,
    **stored.DATA_SOURCES,
}
