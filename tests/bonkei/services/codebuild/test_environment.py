"""The variables of a build.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
"""

from __future__ import annotations

import pytest
from builds import ROLE, Rig, log, spec

from bonkei.blueprint.codebuild import BuildSource
from bonkei.services.codebuild.artifacts.archive import pack
from bonkei.services.codebuild.values import BuildInput


async def test_codebuild_s_own_variables(rig: Rig) -> None:
    text = spec("env | sort")
    rig.project(text, encryption_key="arn:aws:kms:key", tags=(("a", "b"),))
    result = await rig.run(initiator="codepipeline/x", resolved_source_version="c0ffee")
    found = dict(line.split("=", 1) for line in log(result).splitlines() if "=" in line)
    assert found["CODEBUILD_BUILD_ID"] == result.id
    assert found["CODEBUILD_BUILD_ARN"].endswith(f":build/{result.id}")
    assert found["CODEBUILD_BUILD_NUMBER"] == "1"
    assert found["CODEBUILD_BUILD_SUCCEEDING"] == "1"
    assert found["CODEBUILD_INITIATOR"] == "codepipeline/x"
    assert found["CODEBUILD_KMS_KEY_ID"] == "arn:aws:kms:key"
    assert found["CODEBUILD_RESOLVED_SOURCE_VERSION"] == "c0ffee"
    assert found["CODEBUILD_LOG_PATH"] == result.build.log_stream
    assert found["CODEBUILD_START_TIME"] == str(int(result.build.start * 1000))
    assert found["HOME"].startswith(str(rig.world.directory))
    assert found["AWS_SESSION"] == f"{ROLE}/{result.id.replace(':', '-')}"


async def test_a_build_gets_only_the_path_of_the_users_environment(rig: Rig, monkeypatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("GITHUB_TOKEN", "mine")
    result = await rig.run(spec("env"))
    assert "=mine" not in log(result)


async def test_start_build_overrides_the_project_and_the_project_overrides_the_buildspec(
    rig: Rig,
) -> None:
    """ "The value in the start build operation call takes highest precedence." """
    text = spec("echo $A-$B-$C", more="").replace(
        "  shell: bash\n", "  shell: bash\n  variables: {A: spec, B: spec, C: spec}\n"
    )
    rig.project(text, environment=(("B", "project", "PLAINTEXT"), ("C", "project", "PLAINTEXT")))
    result = await rig.run(variables=(("C", "call", "PLAINTEXT"),))
    assert "\nspec-project-call\n" in log(result)


async def test_a_url_of_the_definitions_leads_here(rig: Rig) -> None:
    """A build that looks at the released site must not ask a host of AWS's."""
    rig.world.translate = lambda values: {
        name: value.replace("https://d1.cloudfront.net", "http://here")
        for name, value in values.items()
    }
    text = spec("echo $SITE $OTHER", more="")
    site = '{"site": "https://d1.cloudfront.net"}'
    rig.project(text, environment=(("SITE", site, "PLAINTEXT"), ("OTHER", "d1", "PLAINTEXT")))
    assert '\n{"site": "http://here"} d1\n' in log(await rig.run())


SECRETS = """\
version: 0.2
env:
  shell: bash
  parameter-store: {P: /known}
  secrets-manager: {S: "known:user", N: "known:number", W: known, O: "known:::v1"}
  exported-variables: [PLAIN, P, S, AWS_REGION, UNSET]
phases:
  build:
    commands:
      - test "$P/$S/$N/$O" = of-the-store/me/7/older
      - echo "it is $P, in $W"
      - export PLAIN="two
        words"
"""


async def test_parameters_and_secrets_are_fetched_hidden_and_not_exported(rig: Rig) -> None:
    """ "strings are hidden in CodeBuild logs"; "Cannot export: Parameter Store secrets, Secrets
    Manager secrets, or variables starting with AWS_"."""
    result = await rig.run(SECRETS)
    assert result.status == "SUCCEEDED", log(result)
    assert "it is ***, in ***" in log(result)
    assert "of-the-store" not in log(result)
    assert not any("of-the-store" in text for _, _, text in rig.world.lines.events)
    assert dict(result.exported) == {"PLAIN": "two words"}


async def test_a_value_that_cannot_be_fetched_fails_the_download(rig: Rig) -> None:
    result = await rig.run(SECRETS.replace("/known", "/other"))
    assert result.error.startswith("DOWNLOAD_SOURCE: CLIENT_ERROR: P: AccessDeniedException")
    result = await rig.run(SECRETS.replace("known:user", "known:nothing"))
    assert "SECRETS_MANAGER_ERROR: the secret known has no key nothing" in result.error
    result = await rig.run(SECRETS.replace("known:user", "other:user"))
    assert "SECRETS_MANAGER_ERROR: S: ResourceNotFoundException" in result.error


async def test_exports_have_the_values_after_the_last_entry(rig: Rig) -> None:
    text = spec("export A=1", "export A=2; exit 1").replace(
        "  shell: bash\n", "  shell: bash\n  exported-variables: [A, CODEBUILD_BUILD_ID]\n"
    )
    result = await rig.run(text)
    assert result.status == "FAILED"
    # `exit` ends the entry's shell. The values that it has set by then do not carry over.
    assert dict(result.exported) == {"A": "1", "CODEBUILD_BUILD_ID": result.id}


@pytest.mark.parametrize(
    ("written", "expected", "said"),
    [
        ("[" * 60_000, {}, "The exported variables cannot be read: nested too deeply"),
        ("[1]", {}, "The exported variables cannot be read: no object"),
        ('{"A": [1], "B": "2"}', {"B": "2"}, ""),
    ],
)
async def test_a_build_may_write_anything_as_its_exported_variables(
    rig: Rig, written: str, expected: dict[str, str], said: str
) -> None:
    (rig.source / "written").write_text(written)
    last = 'echo "exec cp $PWD/written $HOME/../state/exported.json" >>"$HOME/../state/variables"'
    text = spec(f"trap '{last}' EXIT").replace(
        "  shell: bash\n", "  shell: bash\n  exported-variables: [A, B]\n"
    )
    result = await rig.run(text)
    assert dict(result.exported) == expected
    assert said in log(result)


async def test_secondary_sources_have_folders_of_their_own(rig: Rig) -> None:
    other = rig.world.directory / "other"
    other.mkdir()
    (other / "tfplan").write_text("plan", encoding="utf-8")
    rig.project(spec('cat "$CODEBUILD_SRC_DIR_Plan/tfplan"', "! ls tfplan"))
    result = await rig.run(
        inputs=(BuildInput("Source", folder=rig.source), BuildInput("Plan", folder=other))
    )
    assert result.status == "SUCCEEDED", log(result)


async def test_the_log_is_delivered_to_the_place_in_the_project(rig: Rig) -> None:
    from bonkei.blueprint.codebuild import BuildLogs

    rig.project(spec("echo one", "echo two"), logs=BuildLogs(group="/g", stream="s"))
    result = await rig.run()
    unique = result.id.partition(":")[2]
    assert {event[:2] for event in rig.world.lines.events} == {("/g", f"s/{unique}")}
    texts = [text for *_, text in rig.world.lines.events]
    assert texts == log(result).splitlines()
    rig.world.lines.events.clear()
    rig.project(spec("echo one"), logs=BuildLogs(enabled=False))
    await rig.run()
    assert rig.world.lines.events == []


async def test_the_location_of_the_source(rig: Rig) -> None:
    archive = rig.world.bucket.file("art", "deep/s")
    archive.parent.mkdir(parents=True)
    (rig.source / "x").touch()
    pack(rig.source, [("x", "x")], archive)
    text = spec("echo $CODEBUILD_SOURCE_VERSION-$CODEBUILD_SOURCE_REPO_URL")
    rig.project(text)
    result = await rig.run(inputs=(BuildInput("Source", "art", "deep/s"),))
    assert "\narn:aws:s3:::art/deep/s-\n" in log(result)
    rig.project(text, source=BuildSource("S3", "art/deep/s", "", "v1"))
    result = await rig.run(inputs=(), source_version="v2")
    assert "\nv2-s3://art/deep/s\n" in log(result)


async def test_git_gets_credentials_for_codecommit_from_the_builds_role(rig: Rig) -> None:
    """ "`yes` to use CodeBuild's Git credential helper"."""
    text = spec("git config --get-all credential.http://127.0.0.1:1.helper", "cat ~/.gitconfig")
    rig.project(text)
    assert (await rig.run()).status == "FAILED"
    rig.world.identity = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    rig.builds._given = rig.world.surroundings()
    (await rig.builds._get_ground()).gate.stop()
    rig.builds._ground = None
    rig.project(text.replace("  shell: bash\n", "  shell: bash\n  git-credential-helper: yes\n"))
    result = await rig.run()
    assert result.status == "SUCCEEDED", log(result)
    assert "insteadOf = https://git-codecommit.ap-northeast-1.amazonaws.com/v1/repos/" in log(
        result
    )
