"""Repositories, pipelines and builds: the way of a release."""

from __future__ import annotations

from bonkei.blueprint.codebuild import BuildArtifacts, BuildLogs, BuildSource


def test_a_pipeline_keeps_the_order_of_its_stages(blueprint) -> None:
    def action(name: str, **configuration: str) -> dict[str, object]:
        return {
            "name": name,
            "category": "Build",
            "provider": "CodeBuild",
            "configuration": configuration,
            "input_artifacts": ["source"],
            "output_artifacts": None,
        }

    found = blueprint(
        {
            "aws_codepipeline.this": {
                "arn": "arn:pipeline",
                "name": "program",
                "role_arn": "arn:role",
                "pipeline_type": "V2",
                "execution_mode": "QUEUED",
                "artifact_store": [{"location": "artifacts", "type": "S3"}],
                "stage": [
                    {"name": "Source", "action": [action("s")]},
                    {"name": "Build", "action": [action("b", ProjectName="p")]},
                ],
            },
            "aws_codebuild_project.this": {
                "arn": "arn:project",
                "name": "p",
                "service_role": "arn:role",
                "environment": [
                    {
                        "image": "aws/codebuild/standard:7.0",
                        "privileged_mode": True,
                        "environment_variable": [{"name": "A", "value": "1", "type": "PLAINTEXT"}],
                    }
                ],
                "source": [{"type": "CODEPIPELINE", "buildspec": "buildspec.yaml"}],
                "vpc_config": [{"subnets": ["b", "a"], "security_group_ids": ["sg"]}],
            },
        }
    )
    pipeline = found.pipelines[0]
    assert [stage.name for stage in pipeline.stages] == ["Source", "Build"]
    assert pipeline.stages[1].actions[0].setting("ProjectName") == "p"
    assert pipeline.stages[1].actions[0].setting("Nothing") == ""
    assert pipeline.artifact_buckets == ("artifacts",)
    project = found.build_projects[0]
    assert (project.buildspec, project.privileged, project.subnet_ids) == (
        "buildspec.yaml",
        True,
        ("a", "b"),
    )
    assert project.source == BuildSource("CODEPIPELINE")
    assert (project.timeout, project.queued_timeout, project.artifacts.type) == (
        60,
        480,
        "NO_ARTIFACTS",
    )


def test_a_project_with_all_settings_of_a_build(blueprint) -> None:
    found = blueprint(
        {
            "aws_codebuild_project.this": {
                "arn": "arn:project",
                "name": "p",
                "service_role": "arn:role",
                "build_timeout": 15,
                "queued_timeout": 30,
                "concurrent_build_limit": 1,
                "encryption_key": "arn:key",
                "environment": [
                    {"image": "i", "type": "ARM_CONTAINER", "compute_type": "BUILD_GENERAL1_LARGE"}
                ],
                "source": [{"type": "S3", "location": "bucket/source.zip"}],
                "source_version": "v1",
                "secondary_sources": [
                    {"type": "S3", "location": "bucket/two.zip", "source_identifier": "two"}
                ],
                "secondary_source_version": [{"source_identifier": "two", "source_version": "v2"}],
                "artifacts": [
                    {
                        "type": "S3",
                        "location": "out",
                        "name": "n",
                        "path": "p",
                        "namespace_type": "BUILD_ID",
                        "packaging": "ZIP",
                        "override_artifact_name": True,
                    }
                ],
                "secondary_artifacts": [
                    {"type": "S3", "location": "out", "artifact_identifier": "more"}
                ],
                "logs_config": [
                    {
                        "cloudwatch_logs": [{"group_name": "/g", "stream_name": "s"}],
                        "s3_logs": [{"status": "ENABLED", "location": "logs/build"}],
                    }
                ],
                "cache": [{"type": "LOCAL", "modes": ["LOCAL_SOURCE_CACHE"]}],
                "vpc_config": [{"vpc_id": "vpc-1", "subnets": ["a"], "security_group_ids": ["g"]}],
                "tags_all": {"Team": "web"},
            }
        }
    )
    (project,) = found.build_projects
    assert project.source == BuildSource("S3", "bucket/source.zip", "", "v1")
    assert project.secondary_sources == (BuildSource("S3", "bucket/two.zip", "two", "v2"),)
    assert project.artifacts == BuildArtifacts(
        "S3", "out", "n", "p", "BUILD_ID", "ZIP", "", override_name=True
    )
    assert [each.identifier for each in project.secondary_artifacts] == ["more"]
    assert project.logs == BuildLogs(True, "/g", "s", "logs/build")
    assert (project.timeout, project.queued_timeout, project.concurrent_build_limit) == (15, 30, 1)
    assert (project.environment_type, project.compute_type) == (
        "ARM_CONTAINER",
        "BUILD_GENERAL1_LARGE",
    )
    assert (project.cache, project.encryption_key, project.vpc_id) == ("LOCAL", "arn:key", "vpc-1")
    assert project.tags == (("Team", "web"),)


def test_a_pipeline_of_type_v2_has_its_conditions_variables_and_triggers(blueprint) -> None:
    rule = {
        "name": "HasChanges",
        "rule_type_id": [{"category": "Rule", "owner": "AWS", "provider": "VariableCheck"}],
        "configuration": {"Variable": "#{plan.HAS_CHANGES}", "Operator": "EQ", "Value": "true"},
        "input_artifacts": None,
    }
    runs = {
        "name": "Runs",
        "rule_type_id": [{"category": "Rule", "owner": "AWS", "provider": "Commands"}],
        "commands": ["make check", "make test"],
    }
    action = {"name": "a", "category": "Approval", "provider": "Manual", "timeout_in_minutes": 60}
    computes = {
        "name": "b", "category": "Compute", "provider": "Commands", "commands": ["make"],
        "output_variables": ["TAG"],
        "output_artifacts_for_compute_action": [{"name": "Built", "files": ["out/**/*"]}],
    }  # fmt: skip
    found = blueprint(
        {
            "aws_codepipeline.this": {
                "arn": "arn:pipeline",
                "name": "program",
                "role_arn": "arn:role",
                "artifact_store": [
                    {"location": "b", "encryption_key": [{"id": "arn:key", "type": "KMS"}]}
                ],
                "stage": [
                    {
                        "name": "Approve",
                        "action": [action, computes],
                        "before_entry": [{"condition": [{"result": "SKIP", "rule": [rule]}]}],
                        "on_success": [{"condition": [{"result": "FAIL", "rule": [runs]}]}],
                        "on_failure": [
                            {
                                "result": "RETRY",
                                "retry_configuration": [{"retry_mode": "ALL_ACTIONS"}],
                            }
                        ],
                    },
                ],
                "variable": [{"name": "level", "default_value": "3"}],
                "trigger": [
                    {
                        "git_configuration": [
                            {
                                "source_action_name": "Source",
                                "push": [{"branches": [{"includes": ["main", "release/*"]}]}],
                            }
                        ]
                    }
                ],
            },
            "aws_codecommit_repository.this": {"arn": "arn:repository", "repository_name": "app"},
        }
    )
    pipeline = found.pipelines[0]
    stage = pipeline.stages[0]
    assert (pipeline.encryption_key, pipeline.variables[0].default) == ("arn:key", "3")
    assert pipeline.triggers[0].pushes[0].branches.includes == ("main", "release/*")
    assert stage.before_entry[0].result == "SKIP"
    assert stage.before_entry[0].rules[0].setting("Operator") == "EQ"
    assert stage.entry_condition == "HasChanges"
    assert stage.on_failure is not None
    assert (stage.on_failure.result, stage.on_failure.retry_mode) == ("RETRY", "ALL_ACTIONS")
    assert stage.actions[0].timeout_minutes == 60
    made = stage.actions[1]
    assert (made.commands, made.outputs) == (("make",), ("Built",))
    assert (made.output_variables, made.output_files) == (("TAG",), ("out/**/*",))
    assert stage.on_success[0].rules[0].commands == ("make check", "make test")
    assert found.code_repositories[0].name == "app"
