"""The content of a call: the template, the parameters, the stack. Refusals have the API's
messages."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

from bonkei.base.aws_service import AwsCall, AwsServiceError
from bonkei.definitions.cloudformation.errors import TemplateError
from bonkei.definitions.cloudformation.evaluation.parameters import Given, resolve_parameters
from bonkei.definitions.cloudformation.resources.kind import tags_of
from bonkei.definitions.cloudformation.stacks.engine import Stacks
from bonkei.definitions.cloudformation.stacks.planning import require_types, required_capability
from bonkei.definitions.cloudformation.stacks.values import Inputs, Stack
from bonkei.definitions.cloudformation.template import Template, read_template
from bonkei.definitions.cloudformation.template.reading import BODY_LIMIT

GetObject = Callable[[str, str], Awaitable[bytes]]
"""An object of a bucket, by its key. Raises AwsServiceError."""

STACK_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
_URL_LIMIT = 1_048_576


def refuse(message: str) -> NoReturn:
    """Refuse with CloudFormation's usual error."""
    raise AwsServiceError("ValidationError", message)


def refuse_template(error: TemplateError) -> NoReturn:
    """Refuse in CloudFormation's words, which name no line. What the miniature itself lacks has
    one."""
    refuse(error.message if "miniature" in error.words else error.words)


async def template_text(call: AwsCall, before: Stack | None, get_object: GetObject) -> str:
    """The template from the call, from S3, or from the stack."""
    given = call.parameters
    if given.get("UsePreviousTemplate"):
        if before is None or not before.inputs.template:
            refuse("Previous template does not exist")
        return before.inputs.template
    if body := given.get("TemplateBody"):
        if len(body.encode()) > BODY_LIMIT:
            refuse(
                "1 validation error detected: Value at 'templateBody' failed to satisfy constraint"
                f": Member must have length less than or equal to {BODY_LIMIT}"
            )
        return str(body)
    if url := given.get("TemplateURL"):
        return await _from_url(str(url), get_object)
    refuse("Either Template URL or Template Body must be specified.")


async def _from_url(url: str, get_object: GetObject) -> str:
    """Read `https://s3.REGION.amazonaws.com/BUCKET/KEY`, `https://BUCKET.s3...`, or the endpoint's
    own URL."""
    parts = urlsplit(url)
    host, path = parts.hostname or "", unquote(parts.path.lstrip("/"))
    bucket, _, rest = host.partition(".s3")
    if rest and rest[0] in ".-" and not host.startswith("s3"):
        key = path
    else:
        bucket, _, key = path.partition("/")
    if parts.scheme == "s3":
        refuse(f"S3 error: Domain name specified in {host} is not a valid S3 domain")
    if parts.scheme not in ("http", "https") or not bucket or not key:
        refuse("TemplateURL must be a supported URL.")
    content = await get_object(bucket, key)
    if len(content) > _URL_LIMIT:
        refuse(f"Template may not exceed {_URL_LIMIT} bytes in size.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        refuse("Template format error: the template is not UTF-8")


def read(text: str) -> Template:
    """Read the template. Raises AwsServiceError."""
    try:
        return read_template(text)
    except TemplateError as error:
        refuse_template(error)


def inputs(call: AwsCall, template: Template, before: Stack | None) -> Inputs:
    """The source of the stack: its template and parameters. Raises AwsServiceError."""
    given = call.parameters
    capabilities = tuple(given.get("Capabilities", ()))
    try:
        require_types(template)
        _require_capability(template, capabilities)
        parameters = resolve_parameters(
            template.parameters,
            {each["ParameterKey"]: _given(each) for each in given.get("Parameters", ())},
            before.inputs.parameters if before is not None else {},
        )
    except TemplateError as error:
        refuse_template(error)
    tags = tags_of(given["Tags"]) if "Tags" in given else before and before.inputs.tags
    return Inputs(
        template=template.text,
        parameters=parameters,
        no_echo=tuple(name for name, one in template.parameters.items() if one.no_echo),
        tags=tags or {},
        capabilities=capabilities,
        description=template.description,
        role_arn=str(given.get("RoleARN", before.inputs.role_arn if before else "")),
        notification_arns=tuple(given.get("NotificationARNs", ())),
    )


def _given(each: Mapping[str, Any]) -> Given:
    return Given(each.get("ParameterValue"), bool(each.get("UsePreviousValue")))


def _require_capability(template: Template, given: tuple[str, ...]) -> None:
    needed = required_capability(template)
    if not needed or needed in given or "CAPABILITY_NAMED_IAM" in given:
        return
    raise AwsServiceError(
        "InsufficientCapabilitiesException", f"Requires capabilities : [{needed}]"
    )


def find(stacks: Stacks, name: str, region: str, *, deleted: bool = False) -> Stack | None:
    """Find a stack by its id, even if it is deleted, or by its name."""
    for stack in reversed(stacks.all(region)):
        if stack.id == name or (stack.name == name and (deleted or not stack.gone)):
            return stack
    return None


def require(stacks: Stacks, call: AwsCall) -> Stack:
    """Return the stack that a call names. Raises AwsServiceError."""
    name = str(call.parameters.get("StackName", ""))
    found = find(stacks, name, call.region)
    if found is None:
        refuse(f"Stack with id {name} does not exist")
    return found


def require_new_name(name: str) -> None:
    if not STACK_NAME.fullmatch(name):
        refuse(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )
