"""Access points of this stack."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws.shared.own import own
from bonkei.provider.behaviour import DataSource

DATA_SOURCES: Mapping[str, DataSource] = {
    "aws_efs_access_point": own("aws_efs_access_point", access_point_id="id"),
}
