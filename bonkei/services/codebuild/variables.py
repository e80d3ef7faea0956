"""The environment of a build: pure.

"Environment variables in build environments",
https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html. If a name has
several values, StartBuild's value wins over the project's, and the project's over the buildspec's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bonkei.blueprint.codebuild import BuildProject
from bonkei.services.codebuild.values import Build


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one build. `sources`: the folder of each secondary source, by its name."""

    source: str
    home: str
    path: str
    sources: tuple[tuple[str, str], ...] = ()


def codebuild_variables(
    build: Build, project: BuildProject, layout: Layout, region: str
) -> dict[str, str]:
    """The variables that CodeBuild itself sets."""
    request = build.request
    found = {
        "CI": "true",
        "CODEBUILD_CI": "true",
        "CODEBUILD_BUILD_ARN": build.arn,
        "CODEBUILD_BUILD_ID": build.id,
        "CODEBUILD_BUILD_IMAGE": project.image,
        "CODEBUILD_BUILD_NUMBER": str(build.number),
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_BUILD_URL": _console(region, build.id),
        "CODEBUILD_INITIATOR": request.initiator,
        "CODEBUILD_KMS_KEY_ID": request.encryption_key or project.encryption_key,
        "CODEBUILD_LOG_PATH": build.log_stream,
        "CODEBUILD_PROJECT_ARN": project.arn,
        "CODEBUILD_RESOLVED_SOURCE_VERSION": request.resolved_source_version,
        "CODEBUILD_SOURCE_REPO_URL": _repository(build, project),
        "CODEBUILD_SOURCE_VERSION": _version(build),
        "CODEBUILD_SRC_DIR": layout.source,
        "CODEBUILD_START_TIME": str(int(build.start * 1000)),
        "HOME": layout.home,
        "PATH": layout.path,
        "LANG": "C.UTF-8",
        "USER": "root",
        "PWD": layout.source,
    }
    for name, place in layout.sources:
        found[f"CODEBUILD_SRC_DIR_{name}"] = place
    return {name: value for name, value in found.items() if value}


def typed(
    project: BuildProject, given: Sequence[tuple[str, str, str]]
) -> dict[str, tuple[str, str]]:
    """(value, type) by name, of the project's variables, overridden by those of the request."""
    pairs = [*project.environment, *given]
    return {name: (value, kind or "PLAINTEXT") for name, value, kind in pairs}


def values_in(text: str) -> dict[str, str]:
    """By name, of the JSON that a build has written: whatever it likes. Raises ValueError."""
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("no object")  # noqa: TRY004 - as for other text that cannot be read
    return {name: value for name, value in found.items() if isinstance(value, str)}


def exported(
    names: Sequence[str], found: Mapping[str, str], secret: Sequence[str]
) -> dict[str, str]:
    """The exported variables of the build, without secrets and names that begin with AWS_."""
    return {
        name: found[name]
        for name in names
        if name in found and name not in secret and not name.startswith("AWS_")
    }


def _version(build: Build) -> str:
    """The version of the source: for a pipeline, the object of its artifact; otherwise the
    requested version."""
    request = build.request
    first = request.inputs[0] if request.inputs else None
    if first is not None and first.bucket and not request.source_version:
        return f"arn:aws:s3:::{first.bucket}/{first.key}"
    return request.source_version


def _repository(build: Build, project: BuildProject) -> str:
    """ "If a build originates from CodePipeline, then this might be empty"."""
    if build.request.inputs:
        return ""
    location = project.source.location
    return f"s3://{location}" if project.source.type == "S3" else location


def git_settings(region: str, endpoint: str) -> str:
    """The `.gitconfig` of `git-credential-helper: yes`: CodeCommit with the build's role, at the
    miniature's address in place of AWS's."""
    there = f"{endpoint}/v1/repos/"
    # Git also says `store` and `erase`, where the command knows no such option, and complains.
    get = "aws codecommit credential-helper get --ignore-host-check"
    helper = f'!f() {{ test \\"$1\\" != get || {get}; }}; f'
    return (
        f'[credential "{endpoint}"]\n\tUseHttpPath = true\n'
        f'\thelper = "{helper}"\n'
        f'[url "{there}"]\n\tinsteadOf = https://git-codecommit.{region}.amazonaws.com/v1/repos/\n'
    )


def _console(region: str, identifier: str) -> str:
    base = f"https://{region}.console.aws.amazon.com/codebuild/home?region={region}"
    return f"{base}#/builds/{identifier}/view/new"
