"""The buildspec as AWS documents it: https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html"""

from __future__ import annotations

import pytest

from bonkei.services.codebuild.buildspec.model import ArtifactSpec, OnFailure, SecretReference
from bonkei.services.codebuild.buildspec.reader import read
from bonkei.services.codebuild.errors import PhaseError

# "Buildspec example" and "Buildspec syntax" of that page, joined.
EXAMPLE = """\
version: 0.2

run-as: builder

env:
  shell: bash
  variables:
    JAVA_HOME: "/usr/lib/jvm/java-8-openjdk-amd64"
  parameter-store:
    LOGIN_PASSWORD: /CodeBuild/dockerLoginPassword
  secrets-manager:
    WHOLE: TestSecret
    PART: TestSecret:MY_SECRET_VAR
    OLD: arn:aws:secretsmanager:eu-west-1:123456789012:secret:TestSecret-a1b2c3:KEY:AWSPREVIOUS:abc
  exported-variables:
    - JAVA_HOME
  git-credential-helper: yes

phases:
  install:
    run-as: root
    runtime-versions:
      java: corretto11
    commands:
      - echo Entered the install phase...
      - apt-get install -y maven
    finally:
      - echo This always runs even if the update or install command fails
  build:
    on-failure: RETRY-2-time.*out
    commands:
      - mvn install

reports:
  results:
    files:
      - '**/*'
artifacts:
  files:
    - target/messageUtil-1.0.jar
  discard-paths: yes
  exclude-paths:
    - target/classes
  name: myname-$(date +%Y-%m-%d)
  secondary-artifacts:
    artifact1:
      files:
        - target/artifact-1.0.jar
      base-directory: out
      enable-symlinks: yes
cache:
  paths:
    - '/root/.m2/**/*'
"""


def test_every_setting_of_the_page_is_read() -> None:
    spec = read(EXAMPLE)
    install, build = spec.phases
    assert install.commands == ("echo Entered the install phase...", "apt-get install -y maven")
    assert install.finally_ == (
        "echo This always runs even if the update or install command fails",
    )
    assert (install.run_as, build.run_as) == ("root", "builder")
    assert install.lines == (25, 26, 28)
    assert build.on_failure == OnFailure("RETRY", 2, "time.*out")
    assert (spec.shell, spec.exported, spec.git_credential_helper) == ("bash", ("JAVA_HOME",), True)
    assert dict(spec.secrets) == {
        "WHOLE": SecretReference("TestSecret"),
        "PART": SecretReference("TestSecret", "MY_SECRET_VAR"),
        "OLD": SecretReference(
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:TestSecret-a1b2c3",
            "KEY", "AWSPREVIOUS", "abc",
        ),
    }  # fmt: skip
    assert spec.artifacts == ArtifactSpec(
        files=("target/messageUtil-1.0.jar",),
        discard_paths=True,
        exclude_paths=("target/classes",),
        name="myname-$(date +%Y-%m-%d)",
    )
    assert dict(spec.secondary_artifacts) == {
        "artifact1": ArtifactSpec(
            files=("target/artifact-1.0.jar",), base_directory="out", enable_symlinks=True
        )
    }


def test_what_is_not_simulated_is_named() -> None:
    said = "\n".join(read(EXAMPLE + "batch:\n  fast-fail: true\nproxy:\n  logs: yes\n").left_out)
    for word in ("batch", "proxy", "cache", "reports", "runtime java corretto11"):
        assert word in said


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("ABORT", OnFailure("ABORT")),
        ("CONTINUE", OnFailure("CONTINUE")),
        ("RETRY", OnFailure("RETRY", 3, ".*")),  # "Retry up to 3 times"
        ("RETRY-7", OnFailure("RETRY", 7, ".*")),
        ("RETRY-0", OnFailure("RETRY", 0, ".*")),
        ("RETRY-Connection reset", OnFailure("RETRY", 3, "Connection reset")),
        ("RETRY-2-5\\d\\d", OnFailure("RETRY", 2, "5\\d\\d")),
    ],
)
def test_the_forms_of_on_failure(rule: str, expected: OnFailure) -> None:
    text = f"version: 0.2\nphases:\n  build:\n    on-failure: {rule}\n    commands: [a]\n"
    assert read(text).phases[0].on_failure == expected


HEAD = "version: 0.2\nphases: {}\n"
BUILD = "version: 0.2\nphases:\n  build:\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # CodeBuild's own words.
        (
            BUILD + "    commands:\n      - echo a: b\n",
            (
                "Expected Commands[0] to be of string type: found subkeys instead at line 5, "
                "value of the key tag on line 4 might be empty"
            ),
        ),
        (BUILD + "    commands:\n      - 'x\n", "yaml: line"),
        (BUILD + "    commands: [a]\n    comands: [b]\n", "unknown key comands in build at line 5"),
        (BUILD + "    commands: [a]\n    on-failure: STOP\n", "invalid on-failure STOP"),
        (BUILD + "    commands: [a]\n    on-failure: RETRY-101\n", "invalid on-failure"),
        (BUILD + "    commands: [a]\n    on-failure: RETRY-(\n", "invalid on-failure"),
        ("version: 0.2\nphases:\n  deploy:\n    commands: [a]\n", "unknown phase deploy"),
        ("version: 0.3\nphases: {}\n", "unknown version 0.3"),
        ("phases: {}\n", "unknown version none"),
        ("version: 0.2\n", "Expected phases"),
        ("version: 0.2\nversion: 0.2\nphases: {}\n", 'line 2: key "version" already set'),
        ("- a\n", "not a mapping"),
        ("", "not a mapping"),
        (
            "version: 0.2\nphases: {}\nenv:\n  shell: powershell.exe\n",
            "powershell.exe is not simul",
        ),
        (
            HEAD + "env:\n  variables:\n    CODEBUILD_X: 1\n",
            "reserved at line 5",
        ),
        (
            HEAD + "env:\n  variables: [a]\n",
            "Expected env/variables to be a map",
        ),
        ("version: 0.2\nphases: {}\nartifacts:\n  files: {a: b}\n", "to be a list of strings"),
        ("version: 0.2\nphases: {}\nartifacts:\n  discard-paths: 3\n", "yes or no at line 4"),
        ("version: 0.2\nphases: " + "{a: " * 40 + "1" + "}" * 40, "nested too deep"),
        ("#" * 300_000, "more than 200000 characters"),
        ("version: 0.2\nphases:\n  - build\n", "Expected phases to be a mapping at line 2"),
        (HEAD + "reports: [a]\n", "Expected reports to be a mapping at line 3"),
        (
            HEAD + "artifacts:\n  secondary-artifacts: [a]\n",
            "Expected artifacts/secondary-artifacts to be a mapping at line 4",
        ),
        (
            HEAD + "artifacts:\n  base-directory: [a]\n",
            "Expected artifacts/base-directory to be of string type at line 4",
        ),
        (
            "version: 0.2\nphases:\n  install:\n    runtime-versions: [python]\n",
            "runtime-versions to be a mapping at line 4",
        ),
        (BUILD + '    commands: ["echo \\ud800"]\n', "line 4: half a character"),
    ],
)
def test_a_mistake_is_a_yaml_file_error_with_its_line(text: str, said: str) -> None:
    with pytest.raises(PhaseError) as refused:
        read(text)
    assert refused.value.code == "YAML_FILE_ERROR"
    assert said in refused.value.message


def test_a_bomb_of_anchors_is_refused() -> None:
    """Nine lines that expand to a billion strings."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join(f'*{before}' for _ in range(9))}]")
    with pytest.raises(PhaseError, match="nested too deep"):
        read("\n".join(lines))


def test_an_empty_entry_and_a_single_string_are_accepted() -> None:
    spec = read("version: 0.2\nphases:\n  build:\n    commands:\n      -\n      - echo\n")
    assert spec.phases[0].commands == ("echo",)
    assert spec.phases[0].lines == (6,)
    assert read("version: 0.2\nphases:\n  build:\n    commands: a b\n").phases[0].commands == (
        "a b",
    )
