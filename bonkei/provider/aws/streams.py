"""What events and releases go through: Kinesis, Firehose, Step Functions, CodeDeploy, SES."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws.import_ids import parts_of
from bonkei.provider.aws.naming import Mint, Minting, resource
from bonkei.provider.aws.seeds import ALPHANUMERIC, LOWER
from bonkei.provider.behaviour import Context, ResourceBehaviour
from bonkei.provider.values import Object, Value


def _with_arn(service: str, kind: str) -> Minting:
    """Its id is its ARN, which ends in its name."""

    def mint_it(mint: Mint) -> Mapping[str, Value]:
        identifier = mint.arn(service, f"{kind}{mint.name()}")
        return {"id": identifier, "arn": identifier}

    return mint_it


def _machine(mint: Mint) -> Mapping[str, Value]:
    """https://docs.aws.amazon.com/step-functions/latest/dg/concepts-statemachines.html"""
    name = mint.name()
    identifier = mint.arn("states", f"stateMachine:{name}")
    return {
        "id": identifier,
        "arn": identifier,
        "name": name,
        "name_prefix": mint.given("name_prefix") or "",
        "creation_date": mint.context.now,
        "status": "ACTIVE",
    }


def _application(mint: Mint) -> Mapping[str, Value]:
    """https://docs.aws.amazon.com/codedeploy/latest/userguide/"""
    identifier, name = mint.uuid(), mint.given("name")
    return {
        "id": f"{identifier}:{name}",
        "application_id": identifier,
        "arn": mint.arn("codedeploy", f"application:{name}"),
    }


def _group(mint: Mint) -> Mapping[str, Value]:
    path = f"deploymentgroup:{mint.given('app_name')}/{mint.given('deployment_group_name')}"
    applications = mint.context.peers("aws_codedeploy_app")
    platforms = [
        one.get("compute_platform")
        for one in applications
        if one.get("name") == mint.given("app_name")
    ]
    return {
        "id": mint.uuid(),
        "deployment_group_id": mint.uuid(),
        "arn": mint.arn("codedeploy", path),
        "compute_platform": platforms[0] if platforms else "Server",
    }


def _domain(mint: Mint) -> Mapping[str, Value]:
    """https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html"""
    domain = str(mint.given("domain"))
    return {
        "id": domain,
        "arn": mint.arn("ses", f"identity/{domain}"),
        "verification_token": mint.random(43, ALPHANUMERIC, "token") + "=",
    }


def _keys_of_domain(mint: Mint) -> Mapping[str, Value]:
    tokens = [mint.random(32, LOWER, f"dkim/{number}") for number in range(3)]
    return {"id": str(mint.given("domain")), "dkim_tokens": tokens}


def _address(argument: str) -> Minting:
    def mint_it(mint: Mint) -> Mapping[str, Value]:
        identity = str(mint.given(argument))
        return {"id": identity, "arn": mint.arn("ses", f"identity/{identity}")}

    return mint_it


def _import_group(identifier: str, _: Context) -> Object:
    application, group = parts_of(identifier, "APPNAME:DEPLOYMENTGROUPNAME")
    return {"id": identifier, "app_name": application, "deployment_group_name": group}


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_kinesis_stream": resource(
        _with_arn("kinesis", "stream/"),
    ),
    "aws_kinesis_firehose_delivery_stream": resource(
        _with_arn("firehose", "deliverystream/"),
    ),
    "aws_sfn_state_machine": resource(_machine, import_="arn"),
    "aws_codedeploy_app": resource(
        _application,
    ),
    "aws_codedeploy_deployment_group": resource(_group, import_=_import_group),
    "aws_ses_domain_identity": resource(_domain, import_="domain"),
    "aws_ses_domain_dkim": resource(_keys_of_domain, import_="domain"),
    "aws_ses_email_identity": resource(_address("email"), import_="email"),
    "aws_sesv2_email_identity": resource(_address("email_identity"), import_="email_identity"),
}
