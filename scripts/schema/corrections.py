"""Facts missing in the bindings, by hand, from the AWS provider's documentation (version 6)."""

from __future__ import annotations

import re
from typing import Any

from scripts.schema import web_acl

Json = Any

SENSITIVE = (
    (r"aws_(rds_cluster|docdb_cluster|redshift_cluster)", r"master_(password|password_wo)"),
    (r"aws_(db_instance|ssm_parameter|elasticache_user|iam_.*)", r"password|passwords|password_wo"),
    (r"aws_ssm_parameter", r"value|value_wo"),
    (
        r"aws_secretsmanager_(secret_version|random_password)",
        r"secret_(string|binary|string_wo)|random_password",
    ),
    (r"aws_elasticache_replication_group", r"auth_token"),
    (r"aws_iam_access_key", r"secret|ses_smtp_password_v4"),
    (r"aws_iam_user_login_profile", r"password"),
    (r"aws_iam_server_certificate|aws_acm_certificate", r"private_key|private_key_wo"),
    (r"aws_(lb|alb)_listener(_rule)?", r"client_secret"),
    (r"aws_codepipeline_webhook|aws_codebuild_webhook", r"secret|secret_token"),
    (r"aws_codebuild_source_credential", r"token"),
    (r"aws_ecr(public)?_authorization_token", r"password|authorization_token"),
    (r"aws_kms_secrets", r"plaintext"),
    (r"aws_kms_ciphertext", r"plaintext|plaintext_wo"),
    (r"aws_cognito_user_pool_client", r"client_secret"),
    (r"aws_cognito_user", r"password|temporary_password"),
    (r"aws_cloudwatch_event_connection", r"value|password|client_secret"),
    (r"aws_lambda_invocation", r"input"),
    (r"aws_(opensearch|elasticsearch)_domain", r"master_user_password"),
    (r"aws_mq_broker", r"password|service_account_password"),
    (r"aws_memorydb_user", r"passwords"),
    (r"aws_api_gateway_api_key", r"value"),
    (r"aws_appsync_api_key", r"key"),
    (r"aws_codeartifact_authorization_token", r"authorization_token"),
    (r"aws_eks_cluster_auth", r"token"),
)
"""Types and their attributes with values that Terraform hides."""

DEPRECATED = (
    (r"aws_region", r"name"),
    (r"aws_s3_bucket", r"acceleration_status|acl|policy|request_payer"),
)
"""Types and their (top-level) attributes that the provider's documentation calls deprecated."""


def correct_type(kind: str, name: str, block: Json, types: Json) -> None:
    """Add to one type's block what the bindings lack."""
    for pattern, attributes in SENSITIVE:
        if re.fullmatch(pattern, name):
            _mark(block, re.compile(attributes), "sensitive")
    for pattern, attributes in DEPRECATED:
        if re.fullmatch(pattern, name) and (kind, name) != ("resource", "aws_region"):
            for attribute, properties in block["attributes"].items():
                if re.fullmatch(attributes, attribute):
                    properties["deprecated"] = True
    if name in ("aws_wafv2_web_acl", "aws_wafv2_rule_group") and kind == "resource":
        rule = block["block_types"]["rule"]["block"]
        typed = types["resource"]["aws_wafv2_web_acl_rule"]["block_types"]["statement"]["block"]
        del rule["attributes"]["statement"]
        rule["block_types"]["statement"] = web_acl.statement(typed)
        if name == "aws_wafv2_rule_group":
            del rule["block_types"]["statement"]["block"]["block_types"][
                "managed_rule_group_statement"
            ]


def _mark(block: Json, names: re.Pattern[str], flag: str) -> None:
    for attribute, properties in block["attributes"].items():
        if names.fullmatch(attribute):
            properties[flag] = True
    for nested in block["block_types"].values():
        _mark(nested["block"], names, flag)
