"""AWS's own CloudFormation templates (https://github.com/aws-cloudformation/aws-cloudformation-templates):
each becomes a stack, and goes again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from suites.counts import Case, Verdict
from suites.miniature import running

FOLDER = "aws-cloudformation-templates"
NEEDS = "a clone of aws-cloudformation/aws-cloudformation-templates"
_SUFFIXES = (".yaml", ".yml", ".json", ".template")
_ALL = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_VALUES = (  # a parameter without a default: by its name
    ("Email", "a@example.com"),
    ("End[Pp]oint", "arn:aws:sqs:us-east-1:123456789012:suites"),
    ("Bucket", "suites-bucket-{number}"),
    ("Arn|ARN", "arn:aws:iam::123456789012:role/x"),
    ("Account", "123456789012"),
    ("Org", "o-abcdefghij"),
    ("Days|Port|Number|Count|Capacity", "5"),
    ("", "value{number}"),
)
_UNKNOWN = re.compile(r"The miniature does not|is not served by the miniature|Custom::")
_NO_TEMPLATE = re.compile(  # what CloudFormation refuses, too
    r"'null' values are not allowed|must contain a Type member|Unrecognized parameter type"
    r"|Invalid template (resource )?propert|less than or equal to 51200"
    r"|Parameter \w+ failed to satisfy constraint|No export named"
    r"|The specified bucket does not exist"
)


def run(checkout: Path, _quick: bool, say: Callable[[str], None]) -> list[Case]:
    """All of them, one after another."""
    files = [
        (path, text)
        for path in sorted(checkout.rglob("*"))
        if path.suffix in _SUFFIXES and ".git" not in path.parts and path.is_file()
        if is_template(text := path.read_text(errors="replace"))
    ]
    cases = []
    with running() as aws:
        client = boto3.client(
            "cloudformation",
            endpoint_url=aws["AWS_ENDPOINT_URL"],
            region_name=aws["AWS_REGION"],
            aws_access_key_id=aws["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=aws["AWS_SECRET_ACCESS_KEY"],
        )
        for number, (path, text) in enumerate(files):
            say(f"{number} of {len(files)}")
            name = str(path.relative_to(checkout))
            try:
                cases.append(judged(name, *_made(client, f"suites-{number}", number, text)))
            except ClientError as error:
                cases.append(judged(name, "", error.response["Error"]["Message"]))
    return cases


def is_template(text: str) -> bool:
    """Not a configuration or a policy beside one."""
    return "Resources" in text and "AWS::" in text


def judged(name: str, status: str, why: str) -> Case:
    """By the stack's status; a type that is not simulated is named in the refusal. Some files are
    parts of templates, need another stack or another parameter, or are too long for the call."""
    if status == "CREATE_COMPLETE":
        return Case("CloudFormation", name, Verdict.PASSED)
    is_ours = not _UNKNOWN.search(why) and not _NO_TEMPLATE.search(why)
    verdict = Verdict.FAILED if is_ours else Verdict.NOT_APPLICABLE
    return Case("CloudFormation", name, verdict, why or status)


def value_of(parameter: str, number: int) -> str:
    """What its name suggests."""
    return next(
        value.format(number=number) for pattern, value in _VALUES if re.search(pattern, parameter)
    )


def _made(client: Any, name: str, number: int, text: str) -> tuple[str, str]:
    asked = client.validate_template(TemplateBody=text).get("Parameters", [])
    given = [
        {
            "ParameterKey": each["ParameterKey"],
            "ParameterValue": value_of(each["ParameterKey"], number),
        }
        for each in asked
        if "DefaultValue" not in each
    ]
    stack = client.create_stack(
        StackName=name, TemplateBody=text, Parameters=given, Capabilities=_ALL,
        OnFailure="DO_NOTHING",
    )["StackId"]  # fmt: skip
    status = _settled(client, stack)
    events = client.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [each for each in events if "FAILED" in each["ResourceStatus"]]
    why = failed[-1].get("ResourceStatusReason", "") if failed else ""  # the oldest
    client.delete_stack(StackName=stack)
    _settled(client, stack)
    return status, why


def _settled(client: Any, stack: str) -> str:
    for _ in range(120):
        found = client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        if not found.endswith("IN_PROGRESS"):
            return str(found)
        time.sleep(0.25)
    return str(found)
