"""AWS IAM: roles and their policies.

A separate policy becomes Terraform's resources: the policy, and an attachment for each role.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.cloudformation.resources.kind import (
    Kind,
    Made,
    Request,
    TypedValues,
    document,
    plain,
)

_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def _role(request: Request) -> Made:
    given = request.properties
    name, path = request.name("RoleName", 64), str(given.get("Path", "/"))
    arn = request.place.arn("iam", f"role{path}{name}", region=False)
    unique = f"AROA{request.random(17, 'role', _UPPER)}"
    state = {
        "id": name,
        "name": name,
        "arn": arn,
        "path": path,
        "unique_id": unique,
        **plain(given, "Description MaxSessionDuration PermissionsBoundary ManagedPolicyArns"),
        "assume_role_policy": document(given["AssumeRolePolicyDocument"]),
        "tags": request.all_tags(),
    }
    inline = [
        _inline(name, policy["PolicyName"], policy["PolicyDocument"])
        for policy in given.get("Policies", ())
    ]
    return Made(name, {"Arn": arn, "RoleId": unique}, (("aws_iam_role", state), *inline))


def _inline(role: str, name: str, policy: object) -> TypedValues:
    state = {"id": f"{role}:{name}", "role": role, "name": name, "policy": document(policy)}
    return "aws_iam_role_policy", state


def _role_policy(request: Request) -> Made:
    given = request.properties
    policy = given.get("PolicyDocument", {"Version": "2012-10-17", "Statement": []})
    made = _inline(given["RoleName"], given["PolicyName"], policy)
    return Made(f"{given['PolicyName']}|{given['RoleName']}", {}, (made,))


def _policy(request: Request) -> Made:
    """Several roles may have the policy. It is written into each of them."""
    given = request.properties
    roles = given.get("Roles", ())
    state = [_inline(role, given["PolicyName"], given["PolicyDocument"]) for role in roles]
    identifier = f"{request.stack_name[:4]}-{request.logical_id[:4]}-{request.random(12)}"
    return Made(identifier, {"Id": identifier}, tuple(state))


def _managed_policy(request: Request) -> Made:
    given = request.properties
    name, path = request.name("ManagedPolicyName", 128), str(given.get("Path", "/"))
    arn = request.place.arn("iam", f"policy{path}{name}", region=False)
    unique = f"ANPA{request.random(17, 'policy', _UPPER)}"
    state = {
        "id": arn,
        "arn": arn,
        "name": name,
        "path": path,
        "policy_id": unique,
        **plain(given, "Description"),
        "policy": document(given["PolicyDocument"]),
        "tags": request.all_tags(),
    }
    attributes = {
        "PolicyArn": arn,
        "PolicyId": unique,
        "DefaultVersionId": "v1",
        "AttachmentCount": str(len(given.get("Roles", ()))),
        "IsAttachable": "true",
    }
    return Made(arn, attributes, (("aws_iam_policy", state), *_attachments(request, arn)))


def _attachments(request: Request, arn: str) -> Iterator[TypedValues]:
    for role in request.properties.get("Roles", ()):
        state = {"id": f"{role}/{arn}", "role": role, "policy_arn": arn}
        yield "aws_iam_role_policy_attachment", state


_NO_PEOPLE = "the miniature has no users and groups"

KINDS: Mapping[str, Kind] = {
    "AWS::IAM::Role": Kind(_role, named_by="RoleName", identity_needs="CAPABILITY_IAM"),
    "AWS::IAM::RolePolicy": Kind(_role_policy, identity_needs="CAPABILITY_IAM"),
    "AWS::IAM::Policy": Kind(
        _policy,
        identity_needs="CAPABILITY_IAM",
        unserved={"Users": _NO_PEOPLE, "Groups": _NO_PEOPLE},
    ),
    "AWS::IAM::ManagedPolicy": Kind(
        _managed_policy,
        named_by="ManagedPolicyName",
        identity_needs="CAPABILITY_IAM",
        unserved={"Users": _NO_PEOPLE, "Groups": _NO_PEOPLE},
    ),
}
