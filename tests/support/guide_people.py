"""Who the people of people.md are in the miniature, and what they may do.

A colleague is an IAM user without a policy, a member comes through IAM Identity Center. Strangers
are one of each whom no one has named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError
from guide_replaced import TYPED
from miniatures import Project

REGION = "ap-northeast-1"
COLLEAGUE = TYPED["NAME"]
MEMBER = {"role": "AWSReservedSSO_Operators_0123456789abcdef", "user": "member"}
STRANGER = {"user": "stranger"}
OF_ANOTHER_SET = {"role": "AWSReservedSSO_Readers_0123456789abcdef", "user": "reader"}


class People:
    """The role of operators, asked for by each of them."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self.role = "arn:aws:iam::123456789012:role/statuspage-production-operator"

    def colleague(self, *, factor: bool = True) -> Any:
        """A session of the role. Raises ClientError when it is refused."""
        return self._assume({"user": COLLEAGUE}, COLLEAGUE if factor else "")

    def member(self) -> Any:
        """Identity Center has asked for the second factor: the call has none."""
        return self._assume(MEMBER)

    def nobody_else(self, *, but: str = "") -> None:
        """All others are refused. `but`: the method of the one who is not."""
        asking: dict[str, Callable[[], Any]] = {
            "colleague": self.colleague,
            "colleague without a second factor": lambda: self.colleague(factor=False),
            "member": self.member,
            "a stranger": lambda: self._assume(STRANGER, "stranger"),
            "a member of another set": lambda: self._assume(OF_ANOTHER_SET),
        }
        for name, ask in asking.items():
            if name != but:
                _is_denied(ask, name)

    def does_what_the_page_says(self, session: Any) -> None:
        """Reads, and "neither may change a resource, read the state, or grant rights. Neither may
        read secrets". Releases and shells are commands of the pages."""
        group = "/ecs/statuspage-production/backend"
        session.client("logs").filter_log_events(logGroupName=group)
        assert session.client("cloudwatch").describe_alarms()["MetricAlarms"]
        pipelines, ecs = session.client("codepipeline"), session.client("ecs")
        assert pipelines.get_pipeline_state(name="statuspage-production-pipeline-program")
        place = {"cluster": "statuspage-production", "service": "statuspage-production-backend"}
        secret = "statuspage-production/administrator"
        _is_denied(lambda: ecs.update_service(**place, desiredCount=0), "change a resource")
        _is_denied(
            lambda: session.client("secretsmanager").get_secret_value(SecretId=secret),
            "read a secret",
        )
        state = {"Bucket": "statuspage-production-tf-state-123456789012", "Key": "t.tfstate"}
        _is_denied(lambda: session.client("s3").get_object(**state), "read the state")
        rights = {"Bucket": state["Bucket"], "Policy": "{}"}
        _is_denied(lambda: session.client("s3").put_bucket_policy(**rights), "grant rights")

    def _assume(self, who: Mapping[str, str], device: str = "") -> Any:
        own = self._project.account(**who)
        asked = {"RoleArn": self.role, "RoleSessionName": "guide"}
        if device:
            account = self.role.split(":")[4]
            asked["SerialNumber"] = f"arn:aws:iam::{account}:mfa/{device}"
            asked["TokenCode"] = TYPED["a code of the second factor"]
        sts = _session(own, own["AWS_ENDPOINT_URL"]).client("sts")
        made = sts.assume_role(**asked)["Credentials"]
        keys = {
            "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
            "AWS_SESSION_TOKEN": made["SessionToken"],
        }
        return _session(keys, own["AWS_ENDPOINT_URL"])


class _Session:
    """A session of boto3 whose clients call the miniature."""

    def __init__(self, session: boto3.Session, endpoint: str) -> None:
        self._session, self._endpoint = session, endpoint

    def client(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self._endpoint)

    def profile(self, name: str) -> str:
        """For ~/.aws/config."""
        found = self._session.get_credentials()
        return (
            f"[profile {name}]\naws_access_key_id = {found.access_key}\n"
            f"aws_secret_access_key = {found.secret_key}\naws_session_token = {found.token}"
        )


def _session(keys: dict[str, str], endpoint: str) -> _Session:
    made = boto3.Session(
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=keys.get("AWS_SESSION_TOKEN"),
        region_name=REGION,
    )
    return _Session(made, endpoint)


def _is_denied(ask: Callable[[], Any], what: str) -> None:
    code = "not refused"
    try:
        ask()
    except ClientError as error:
        code = error.response["Error"]["Code"]
    assert code in ("AccessDenied", "AccessDeniedException"), f"{what}: {code}"
