"""S3's canonical user."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws.shared.own import by_own_names
from bonkei.provider.aws.shared.seeds import HEX, scatter
from bonkei.provider.behaviour import Context, DataSource
from bonkei.provider.values import Object


def _canonical_user(_: Object, context: Context) -> Object:
    return {"id": scatter(context.account_id, 64, HEX), "display_name": ""}


DATA_SOURCES: Mapping[str, DataSource] = {
    **by_own_names("aws_s3_bucket aws_s3_object"),
    "aws_canonical_user_id": DataSource(read=_canonical_user),
}
