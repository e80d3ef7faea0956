"""Pipelines with existing parts, and scaling that can happen."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.analysis.check.finding import Problem
from bonkei.analysis.check.subject import Subject, error, warning
from bonkei.analysis.policy.lenient import allows
from bonkei.analysis.policy.managed import unknown_managed_policies


@error(
    "The build projects of a pipeline exist",
    "https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html",
)
def pipeline_projects_are_there(subject: Subject) -> Iterator[Problem]:
    """Only if the definitions hold any build project."""
    projects = {project.name for project in subject.blueprint.build_projects}
    for pipeline in subject.blueprint.pipelines:
        for stage in pipeline.stages:
            for action in stage.actions:
                name = action.setting("ProjectName")
                if action.provider == "CodeBuild" and projects and name not in projects:
                    yield Problem(
                        pipeline.address,
                        f"{action.name} builds with {name}, and there is no such project",
                        "name an existing build project",
                        "stage",
                    )


@error(
    "A pipeline's role may start its builds and see how they end",
    "https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html",
)
def pipeline_role_starts_its_builds(subject: Subject) -> Iterator[Problem]:
    """ "CodeBuild" of "CodePipeline service role policy": both actions are used."""
    blueprint = subject.blueprint
    projects = {project.name: project for project in blueprint.build_projects}
    for pipeline in blueprint.pipelines:
        role = blueprint.role(pipeline.role_arn)
        if role is None or unknown_managed_policies(role):
            continue
        for stage in pipeline.stages:
            for action in stage.actions:
                project = projects.get(action.setting("ProjectName"))
                if project is None or action.role_arn:
                    continue
                for needed in ("codebuild:StartBuild", "codebuild:BatchGetBuilds"):
                    if not allows(role, needed, project.arn):
                        yield Problem(
                            pipeline.address,
                            f"{role.name} may not {needed} on {project.name}, the project of"
                            f" {action.name}",
                            "allow it in the pipeline's role",
                            "role_arn",
                        )


@error(
    "A build with several inputs names the one with its buildspec",
    "https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeBuild.html",
)
def build_names_its_primary_source(subject: Subject) -> Iterator[Problem]:
    for pipeline in subject.blueprint.pipelines:
        for action in (action for stage in pipeline.stages for action in stage.actions):
            primary = action.setting("PrimarySource")
            is_open = primary not in action.inputs and bool(primary or len(action.inputs) > 1)
            if action.provider == "CodeBuild" and is_open:
                yield Problem(
                    pipeline.address,
                    f"{action.name} has the input {', '.join(action.inputs)}, and its"
                    f" PrimarySource is {primary or 'not set'}",
                    "set PrimarySource to the input with the buildspec",
                    "stage",
                )


@warning(
    "A pipeline builds images for the processor of its tasks",
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html",
)
def images_are_for_the_tasks_processor(subject: Subject) -> Iterator[Problem]:
    """By the machine of the builds with Docker. A cross-build is what may be intended."""
    blueprint = subject.blueprint
    wanted = {definition.architecture for definition in blueprint.task_definitions}
    builds = [project for project in blueprint.build_projects if project.privileged]
    made = {"arm64" if "ARM" in each.environment_type else "amd64" for each in builds}
    if blueprint.repositories and builds and not wanted & made:
        for project in builds:
            yield Problem(
                project.address,
                f"{project.name} builds on {project.environment_type}, and tasks run on"
                f" {', '.join(sorted(wanted))}: their programs would not start",
                "build on the tasks' processor, or for it (docker build --platform)",
                "environment",
            )


@warning(
    "A service that scales has room, and a target that can be reached",
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html",
)
def scaling_can_happen(subject: Subject) -> Iterator[Problem]:
    for service in subject.blueprint.services:
        scaling = service.scaling
        for policy in scaling.policies if scaling else ():
            if policy.metric.endswith("Utilization") and not 0 < policy.target_value <= 100:
                yield Problem(
                    service.address,
                    f"{service.name} is to scale at {policy.target_value:g} % of {policy.metric},"
                    " an impossible value",
                    "name a target between 0 and 100",
                )
            if scaling and 0 < scaling.max_capacity == scaling.min_capacity:
                yield Problem(
                    service.address,
                    f"{service.name} has a scaling policy, but at most"
                    f" {scaling.max_capacity} tasks",
                    "set max_capacity above min_capacity",
                )
                break
