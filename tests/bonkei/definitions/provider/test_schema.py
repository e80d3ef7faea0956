"""The shipped schema, and its encoding for Terraform."""

from __future__ import annotations

import pytest

from bonkei.definitions.provider import schema
from bonkei.definitions.provider.addresses import AWS, VERSIONS
from bonkei.definitions.provider.behaviour import Problem
from bonkei.definitions.provider.plugin import wire
from bonkei.definitions.provider.plugin.protocol import message
from bonkei.definitions.provider.schema import Attribute, Block, NestedBlock, ProviderSchema


@pytest.fixture(scope="module")
def aws() -> ProviderSchema:
    return schema.load("aws-schema.json.gz")


@pytest.fixture(scope="module")
def sent(aws: ProviderSchema) -> object:
    return message("GetProviderSchema.Response").FromString(wire.provider_schema(aws, {}))


def test_the_version_that_is_known_without_the_schema_is_its_own(aws: ProviderSchema) -> None:
    """Each apply asks for it, and a running miniature has no use for the rest."""
    assert (aws.address, aws.version) == (AWS, VERSIONS[AWS])


def inside(block: Block, *path: str) -> Block:
    for name in path:
        block = block.blocks[name].block
    return block


@pytest.mark.parametrize(
    "type_name",
    """
    aws_vpc aws_subnet aws_route_table aws_vpc_security_group_ingress_rule aws_vpc_endpoint
    aws_nat_gateway aws_lb aws_lb_listener_rule aws_lb_target_group aws_cloudfront_distribution
    aws_wafv2_web_acl aws_wafv2_web_acl_association aws_ecs_cluster aws_ecs_service
    aws_ecs_task_definition aws_appautoscaling_policy aws_rds_cluster aws_rds_cluster_instance
    aws_db_subnet_group aws_iam_role aws_iam_role_policy aws_kms_key aws_secretsmanager_secret
    aws_s3_bucket aws_cloudwatch_log_group aws_cloudwatch_metric_alarm aws_lambda_function
    aws_sns_topic aws_codebuild_project aws_codepipeline aws_dynamodb_table aws_acm_certificate
    aws_route53_record aws_service_discovery_http_namespace
    """.split(),  # noqa: SIM905
)
def test_the_types_of_a_fargate_stack_are_shipped(aws: ProviderSchema, type_name: str) -> None:
    assert aws.resources[type_name].attributes


def test_every_type_can_be_parsed_and_has_no_untyped_attribute(aws: ProviderSchema) -> None:
    def untyped(block: Block, path: str) -> list[str]:
        found = [f"{path}.{n}" for n, a in block.attributes.items() if "dynamic" in str(a.type)]
        inner = [untyped(n.block, f"{path}.{name}") for name, n in block.blocks.items()]
        return found + [name for names in inner for name in names]

    kinds = (aws.resources, aws.data_sources, aws.ephemeral_resources)
    for types in kinds:
        for name, block in types.items():
            if name != "aws_wafv2_web_acl_rule":  # large; its statement equals the web ACL's
                assert untyped(block, name) == []


def test_a_web_acls_statement_nests_three_deep(aws: ProviderSchema) -> None:
    rule = inside(aws.resources["aws_wafv2_web_acl"], "rule")
    path = ("statement", "and_statement", "statement", "not_statement", "statement")
    deepest = inside(rule, *path, "or_statement", "statement")
    header = inside(deepest, "byte_match_statement", "field_to_match", "single_header")
    assert header.attributes["name"].required
    assert "and_statement" not in deepest.blocks
    assert "rate_based_statement" in inside(rule, "statement").blocks
    assert "rate_based_statement" not in inside(rule, *path[:3]).blocks
    match = inside(deepest, "byte_match_statement")
    assert match.blocks["text_transformation"].nesting == "set"
    assert match.blocks["field_to_match"].max_items == 1


def test_flags_that_protect_secrets(aws: ProviderSchema, sent: object) -> None:
    version = aws.resources["aws_secretsmanager_secret_version"].attributes
    assert version["secret_string"].sensitive
    assert version["secret_string_wo"].write_only
    assert aws.resources["aws_rds_cluster"].attributes["master_password_wo"].write_only
    assert aws.resources["aws_ssm_parameter"].attributes["value"].sensitive
    on_wire = sent.resource_schemas["aws_secretsmanager_secret_version"].block.attributes  # type: ignore[attr-defined]
    flags = {a.name: (a.sensitive, a.write_only) for a in on_wire}
    assert flags["secret_string"] == (True, False)
    assert flags["secret_string_wo"][1]


def test_attributes_that_old_providers_call_blocks(aws: ProviderSchema) -> None:
    """Both `ingress { … }` and `ingress = []` are accepted, as in the real provider."""
    ingress = aws.resources["aws_security_group"].attributes["ingress"]
    assert ingress.type[0] == "set"
    assert ingress.type[1][1]["cidr_blocks"] == ["list", "string"]


def test_the_whole_schema_is_encoded(aws: ProviderSchema, sent: object) -> None:
    assert set(sent.resource_schemas) == set(aws.resources)  # type: ignore[attr-defined]
    assert set(sent.data_source_schemas) == set(aws.data_sources)  # type: ignore[attr-defined]
    assert sent.server_capabilities.get_provider_schema_optional  # type: ignore[attr-defined]


def test_the_path_of_a_problem_ends_where_the_source_shows_no_index() -> None:
    port = Block({"port": Attribute("number")})
    block = Block(
        {"tags": Attribute(["map", "string"]), "zones": Attribute(["set", "string"])},
        {"rule": NestedBlock("list", port), "setting": NestedBlock("set", port)},
    )

    def located(*path: str | int) -> list[tuple[str, object]]:
        (diagnostic,) = wire.diagnostics([Problem(path, "wrong")], block)
        steps = diagnostic.attribute.steps
        return [(s.WhichOneof("selector"), getattr(s, s.WhichOneof("selector"))) for s in steps]

    name, index, key = "attribute_name", "element_key_int", "element_key_string"
    assert located("rule", 1, "port") == [(name, "rule"), (index, 1), (name, "port")]
    assert located("setting", 1, "port") == [(name, "setting")]
    assert located("zones", 2) == [(name, "zones")]
    assert located("tags", "Name") == [(name, "tags"), (key, "Name")]
    assert located() == []
