"""User pools of this stack."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws.shared.own import own
from bonkei.provider.behaviour import DataSource

DATA_SOURCES: Mapping[str, DataSource] = {
    "aws_cognito_user_pool": own("aws_cognito_user_pool", user_pool_id="id"),
    "aws_cognito_user_pool_client": own("aws_cognito_user_pool_client", client_id="id"),
}
