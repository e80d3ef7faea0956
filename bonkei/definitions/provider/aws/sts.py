"""The caller's identity."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.seeds import UPPER, scatter
from bonkei.definitions.provider.behaviour import Context, DataSource
from bonkei.definitions.provider.values import Object


def _caller(_: Object, context: Context) -> Object:
    return {
        "id": context.account_id,
        "account_id": context.account_id,
        "arn": f"arn:{context.partition}:iam::{context.account_id}:user/miniature",
        "user_id": f"AIDA{scatter(context.account_id, 17, UPPER)}",
    }


DATA_SOURCES: Mapping[str, DataSource] = {
    "aws_caller_identity": DataSource(read=_caller),
}
