"""The examples of the provider's documentation
(https://github.com/hashicorp/terraform-provider-aws, website/docs/r): none may be refused.

Many are parts: what they refer to is added here, and one that is incomplete in another way does not
apply.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from suites.checkouts import needed
from suites.counts import Case, Verdict

FOLDER = "terraform-provider-aws"
NEEDS = "a clone of hashicorp/terraform-provider-aws, or its website/docs/r alone"
_BONKEI = Path(sys.executable).with_name("bonkei")
_BLOCK = re.compile(r"```(?:terraform|hcl)\n(.*?)```", re.DOTALL)
_FILE = re.compile(
    r'["(]((?:\./)?[\w./-]+\.(?:json|pem|html|js|sql|yaml|txt|png|jar))"'
    r'|\bfile\w*\("([\w./-]+)"\)|\$\{path\.module\}/([\w./-]+)'
)
_ABBREVIATED = re.compile(r"#.*(\.\.\.|\bother\b)|# SNIP")
_PARTIAL = re.compile(  # what a reader of the page adds
    r"Reference to undeclared|Module not installed|Invalid reference|Missing resource instance key"
    r"|Provider configuration not present|A provider that is not served"
    r"|there is no aws_\w+ with|is not known here"
)
_WRONG = {
    "aws_cloudwatch_composite_alarm 0": "ok_actions is a set",
    "aws_cloudwatch_event_target 5": "an account has twelve digits",
    "aws_ecs_task_definition 5": "the provider has removed inference_accelerator",
    "aws_flow_log 1": "a policy document has statements",
    "aws_launch_template 0": "the provider has removed elastic_gpu_specifications",
    "aws_rds_cluster 1": "engine is required",
    "aws_rds_cluster 5": "engine is required",
    "aws_rds_cluster 6": "engine is required",
    "aws_rds_cluster 7": "the provider has removed the engine aurora",
    "aws_rds_cluster_instance 0": "engine is required",
    "aws_route 0": "the network has host bits",
    "aws_s3_bucket_notification 3": "a function in a ZIP file needs a runtime",
    "aws_wafv2_rule_group 1": "captcha_config is part of a rule",
    "aws_wafv2_web_acl 0": "token_domains is not part of a rule",
}
"""Examples that the provider itself refuses, and why."""
_STUBS = {
    kind: stub
    for stub in (Path(__file__).parent / "stubs.tf").read_text().split("\n\n")[1:]
    for kind in re.findall(r'^resource "(\w+)"', stub)
}
_CONTAINERS = '[{"name": "a", "image": "b", "memory": 128}]'
_EMPTY_ARCHIVE = b"PK\x05\x06" + b"\0" * 18
_TYPES = """
s3_bucket s3_bucket_policy s3_bucket_versioning s3_bucket_server_side_encryption_configuration
s3_bucket_public_access_block s3_bucket_lifecycle_configuration s3_bucket_notification
s3_object s3_bucket_cors_configuration s3_bucket_logging s3_bucket_ownership_controls
s3_bucket_website_configuration s3_bucket_replication_configuration iam_role iam_policy
iam_role_policy iam_role_policy_attachment iam_user iam_group iam_instance_profile
iam_openid_connect_provider iam_policy_attachment vpc subnet security_group security_group_rule
vpc_security_group_ingress_rule route_table route internet_gateway nat_gateway eip network_acl
vpc_endpoint flow_log route_table_association instance launch_template lb lb_listener
lb_listener_rule lb_target_group lb_target_group_attachment ecs_cluster ecs_service
ecs_task_definition ecs_capacity_provider ecr_repository ecr_lifecycle_policy
appautoscaling_policy appautoscaling_target lambda_function lambda_permission
lambda_event_source_mapping lambda_alias lambda_layer_version cloudwatch_log_group
cloudwatch_metric_alarm cloudwatch_event_rule cloudwatch_event_target
cloudwatch_log_metric_filter cloudwatch_log_subscription_filter cloudwatch_composite_alarm
cloudwatch_dashboard sns_topic sns_topic_subscription sns_topic_policy sqs_queue
sqs_queue_policy dynamodb_table kms_key kms_alias secretsmanager_secret
secretsmanager_secret_version secretsmanager_secret_rotation ssm_parameter scheduler_schedule
db_instance rds_cluster rds_cluster_instance db_subnet_group db_parameter_group
rds_cluster_parameter_group cloudfront_distribution cloudfront_cache_policy cloudfront_function
cloudfront_origin_request_policy cloudfront_response_headers_policy
cloudfront_origin_access_control wafv2_web_acl wafv2_ip_set wafv2_rule_group
wafv2_regex_pattern_set wafv2_web_acl_association acm_certificate route53_record route53_zone
codebuild_project codepipeline codecommit_repository service_discovery_private_dns_namespace
sfn_state_machine elasticache_replication_group
""".split()  # noqa: SIM905 - a hundred words
_PROVIDERS = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}
"""


def run(checkout: Path, quick: bool, say: Callable[[str], None]) -> list[Case]:
    """`bonkei validate` and `bonkei plan` of each; quick: of each type's first."""
    folder = needed(checkout / "website" / "docs" / "r", "the pages of resources")
    examples = [
        (f"aws_{name} {number}", block)
        for name in _TYPES
        for number, block in enumerate(blocks(folder / f"{name}.html.markdown"))
        if not quick or number == 0
    ]
    cases = []
    for number, (name, block) in enumerate(examples):
        say(f"{number} of {len(examples)}")
        cases.append(_judged(name, block))
    return cases


def blocks(page: Path) -> Iterator[str]:
    """The examples above the reference of the arguments."""
    if page.exists():
        yield from _BLOCK.findall(page.read_text().split("## Argument Reference")[0])


def completed(block: str) -> str:
    """With a provider and the least of what it refers to."""
    declared = set(re.findall(r'^\s*resource\s+"(\w+)"\s+"([\w-]+)"', block, re.MULTILINE))
    without_data = re.sub(r"data\.aws_\w+\.[\w-]+", "", block)
    referred = set(re.findall(r'(?<![\w."-])(aws_\w+)\.([A-Za-z_][\w-]*)', without_data))
    parts = [block]
    for kind, name in sorted(referred - declared):
        if kind in _STUBS:
            stub = _STUBS[kind].replace(f'"{kind}" "NAME"', f'"{kind}" "{name}"')
            stub = stub.replace("NAME", name.replace("_", "-").lower())
            if re.search(rf"\bin {kind}\.{name} :", block):
                stub = stub.replace("{\n", "{\n  count = 2\n", 1)
            parts.append(stub)
    providers = re.findall(r'^\s*provider\s+"aws"\s*{(.*?)^}', block, re.MULTILINE | re.DOTALL)
    if all("alias" in each for each in providers):
        parts.append('provider "aws" {\n  region = "us-east-1"\n}')
    variables = set(re.findall(r"\bvar\.(\w+)", block))
    parts.extend(
        f'variable "{name}" {{\n  default = {_default(name)}\n}}'
        for name in sorted(variables - set(re.findall(r'variable\s+"(\w+)"', block)))
    )
    if "terraform {" not in block:
        parts.append(_PROVIDERS)
    return "\n\n".join(parts) + "\n"


def _default(variable: str) -> str:
    if variable.endswith("region"):
        return '"us-east-1"'
    return "2" if variable.endswith("count") else f'"{variable}"'


def verdict(
    name: str, block: str, validated: Mapping[str, Any], planned: tuple[int, str] | None
) -> tuple[Verdict, str]:
    """Of the answer of `bonkei validate --json`, and of `bonkei plan`: its exit code and words."""
    problems = [
        " ".join(f"{each['summary']}: {each['detail']}".split())
        for each in validated["diagnostics"]
        if each["severity"] == "error"
    ]
    if planned is not None and planned[0]:
        problems.append(" ".join(planned[1].split()))
    if not problems:
        return Verdict.PASSED, ""
    if name in _WRONG:
        return Verdict.NOT_APPLICABLE, f"the provider refuses it, too: {_WRONG[name]}"
    is_short = _ABBREVIATED.search(block) is not None
    left = [
        each
        for each in problems
        if not _PARTIAL.search(each)
        and not (is_short and each.startswith(("Missing ", "Insufficient ")))
    ]
    return (Verdict.FAILED, left[0]) if left else (Verdict.NOT_APPLICABLE, "a part of a definition")


def _judged(name: str, block: str) -> Case:
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        folder = root / "definitions"
        folder.mkdir()
        (root / "bonkei.toml").write_text('definitions = "definitions"\n')
        (folder / "main.tf").write_text(completed(block))
        content = _CONTAINERS if "container_definitions" in block else "{}"
        for file in map("".join, _FILE.findall(block)):
            if not file.startswith("/") and ".." not in file:
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                (folder / file).write_text(content)
        for archive in {"payload.zip", *re.findall(r'"([\w.-]+\.zip)"', block)}:
            (folder / archive).write_bytes(_EMPTY_ARCHIVE)
        environment = {**os.environ, "BONKEI_HOME": str(root / "home"), "NO_COLOR": "1"}

        def bonkei(*words: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [_BONKEI, *words], cwd=root, env=environment,
                capture_output=True, text=True, check=False,
            )  # fmt: skip

        shown = bonkei("validate", "--json")
        try:
            validated = json.loads(shown.stdout)
        except ValueError:
            words = " ".join((shown.stdout + shown.stderr).split())
            return Case("resources", name, Verdict.FAILED, words)
        done = bonkei("plan") if validated["valid"] else None
        planned = None if done is None else (done.returncode, done.stderr + done.stdout[-900:])
        return Case("resources", name, *verdict(name, block, validated, planned))
