"""Conditions of policies whose key no request ever has."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from bonkei.analysis.check.finding import Problem
from bonkei.analysis.check.subject import Subject, error
from bonkei.blueprint import Blueprint
from bonkei.blueprint.iam import PolicyStatement

# "AWS global condition context keys", without `aws:`. Those with a slash take any ending.
_KEYS = """
    AssumedRoot CalledVia CalledViaFirst CalledViaLast ChatbotSourceArn CurrentTime
    Ec2InstanceSourcePrivateIPv4 Ec2InstanceSourceVpc EpochTime FederatedProvider
    MultiFactorAuthAge MultiFactorAuthPresent PrincipalAccount PrincipalArn PrincipalIsAWSService
    PrincipalOrgID PrincipalOrgPaths PrincipalServiceName PrincipalServiceNamesList PrincipalTag
    PrincipalType Referer RequestedRegion RequestTag ResourceAccount ResourceOrgID
    ResourceOrgPaths ResourceTag SecureTransport SignInSessionArn SourceAccount SourceArn
    SourceIdentity SourceIp SourceOrgID SourceOrgPaths SourceOwner SourceVpc SourceVpcArn SourceVpce
    TagKeys TokenIssueTime UserAgent userid username ViaAWSService VpceAccount VpceOrgID
    VpceOrgPaths VpcSourceIp
"""
_KNOWN = {f"aws:{key}".lower(): f"aws:{key}" for key in _KEYS.split()}
_ALIKE = 0.9  # below it, a key may be newer than this list


@error(
    "A policy's conditions are on keys that there are",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html",
)
def condition_key_is_there(subject: Subject) -> Iterator[Problem]:
    """A Deny on a misspelled key denies nothing, and an Allow allows nothing."""
    for statement in _statements(subject.blueprint):
        for _, key, _ in statement.conditions:
            name = key.partition("/")[0].lower()
            if not name.startswith("aws:") or name in _KNOWN:
                continue
            for meant in get_close_matches(name, _KNOWN, 1, _ALIKE):
                yield Problem(
                    statement.address,
                    f"a condition is on {key}, and no request has that key",
                    f"write {_KNOWN[meant]}",
                    "policy",
                )


def _statements(blueprint: Blueprint) -> Iterator[PolicyStatement]:
    for role in blueprint.roles:
        yield from (*role.trust, *role.statements, *role.boundary)
    for kind in (
        blueprint.buckets,
        blueprint.keys,
        blueprint.topics,
        blueprint.secrets,
        blueprint.repositories,
        blueprint.network.endpoints,
    ):
        for each in kind:
            yield from each.policy
