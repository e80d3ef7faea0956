"""AWS CodeStar Notifications: notifications about the developer tools.

https://docs.aws.amazon.com/codestar-notifications/latest/APIReference/API_CreateNotificationRule.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.blocks import same_shape
from bonkei.definitions.provider.aws.shared.checks import at
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour

RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_codestarnotifications_notification_rule": resource(
        lambda mint: {
            "id": mint.arn("codestar-notifications", f"notificationrule/{mint.random(40)}"),
            "arn": mint.arn("codestar-notifications", f"notificationrule/{mint.random(40)}"),
            "target": same_shape(
                mint.planned.get("target"), lambda _index, _block: {"status": "PENDING"}
            ),
        },
        at("resource", arn()),
        at("target.address", arn("sns", "chatbot")),
    ),
}
