"""Reads a buildspec's text into values. A mistake becomes a YAML_FILE_ERROR with its line.

Source: "Build specification reference for CodeBuild",
https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bonkei.services.codebuild.buildspec.document import Node, parse
from bonkei.services.codebuild.buildspec.model import (
    PHASES,
    ArtifactSpec,
    Buildspec,
    OnFailure,
    PhaseSpec,
    SecretReference,
)

_TOP = {"version", "run-as", "env", "proxy", "batch", "phases", "reports", "artifacts", "cache"}
_ENV = {
    *("shell", "variables", "parameter-store", "secrets-manager"),
    *("exported-variables", "git-credential-helper"),
}
_PHASE = {"run-as", "on-failure", "runtime-versions", "commands", "finally", "steps"}
_FILES = {
    *("files", "name", "discard-paths", "base-directory", "exclude-paths", "enable-symlinks"),
    *("s3-prefix", "secondary-artifacts", "file-format"),
}
_SHELLS = {"bash": "bash", "/bin/bash": "bash", "sh": "sh", "/bin/sh": "sh"}
_RETRY = re.compile(r"RETRY(?:-(\d{1,3}))?(?:-(.+))?", re.DOTALL)
_RETRIES = 3
_MOST_RETRIES = 100


def read(text: str) -> Buildspec:
    """The values. PhaseError with the code YAML_FILE_ERROR."""
    root = parse(text)
    _only(root, _TOP, "the buildspec")
    version = root.get("version")
    if version.text not in ("0.1", "0.2"):
        raise version.refuse(f"unknown version {version.text or 'none'}: expected 0.2")
    env, artifacts = root.get("env"), root.get("artifacts")
    _only(env, _ENV, "env")
    phases = root.get("phases")
    if not phases.is_mapping:
        raise (root if phases.is_missing else phases).refuse("Expected phases to be a mapping")
    return Buildspec(
        phases=tuple(_phases(phases, _text(root.get("run-as")))),
        shell=_shell(env.get("shell")),
        variables=_pairs(env.get("variables")),
        parameters=_pairs(env.get("parameter-store")),
        secrets=tuple(
            (key, secret_reference(value)) for key, value in _pairs(env.get("secrets-manager"))
        ),
        exported=_texts(env.get("exported-variables")),
        git_credential_helper=_flag(env.get("git-credential-helper")),
        artifacts=None if artifacts.is_missing else _artifacts(artifacts),
        secondary_artifacts=_named(artifacts.get("secondary-artifacts")),
        reports=_named(root.get("reports")),
        separate_shells=version.text == "0.1",
        left_out=tuple(_left_out(root)),
    )


def _left_out(root: Node) -> Iterator[str]:
    """Settings that are not simulated."""
    if not root.get("batch").is_missing:
        yield "batch: batch builds are not simulated; this is one build of the whole buildspec"
    if not root.get("proxy").is_missing:
        yield "proxy: its settings change nothing here"
    if not root.get("cache").is_missing:
        yield "cache: nothing is kept from build to build"
    if not root.get("reports").is_missing:
        yield "reports: there are no report groups; the files are kept in builds/reports"
    for name, phase in root.get("phases").items():
        versions = phase.get("runtime-versions")
        _require_mapping(versions, versions.path)
        for runtime, version in versions.items():
            yield f"{name}: runtime {runtime} {version.text}: this machine's own is used"


def _phases(node: Node, run_as: str) -> Iterator[PhaseSpec]:
    for name, phase in node.items():
        if name not in PHASES:
            raise phase.refuse(f"unknown phase {name}: expected {', '.join(PHASES)}")
    for name in PHASES:
        phase = node.get(name)
        if phase.is_missing:
            continue
        _only(phase, _PHASE, name)
        if not phase.get("steps").is_missing:
            raise phase.get("steps").refuse("steps are not simulated: write commands")
        yield PhaseSpec(
            name,
            _commands(phase.get("commands"), "Commands"),
            _commands(phase.get("finally"), "Finally"),
            _on_failure(phase.get("on-failure")),
            _text(phase.get("run-as")) or run_as,
            (*_lines(phase.get("commands")), *_lines(phase.get("finally"))),
        )


def _lines(node: Node) -> Iterator[int]:
    if node.is_scalar and not node.is_missing:
        yield node.line
    for each in node.entries():
        if not each.is_missing:
            yield each.line


def _commands(node: Node, name: str) -> tuple[str, ...]:
    if node.is_missing:
        return ()
    if node.is_scalar:
        return (node.text,)
    if not node.is_list:
        raise node.refuse(f"Expected {name} to be a list of strings: found subkeys instead")
    found = []
    for index, each in enumerate(node.entries()):
        if not each.is_scalar:
            said = f"Expected {name}[{index}] to be of string type: found subkeys instead"
            line = f"at line {each.line}, value of the key tag on line {max(1, each.line - 1)}"
            raise each.refuse(f"{said} {line} might be empty")
        if not each.is_missing:
            found.append(each.text)
    return tuple(found)


def _on_failure(node: Node) -> OnFailure:
    if node.is_missing:
        return OnFailure()
    text = node.text
    if text in ("ABORT", "CONTINUE"):
        return OnFailure(text)
    match = _RETRY.fullmatch(text)
    if match is None or int(match[1] or 0) > _MOST_RETRIES:
        raise node.refuse(f"invalid on-failure {text}: expected ABORT, CONTINUE or RETRY")
    pattern = match[2] or ".*"
    try:
        re.compile(pattern)
    except re.error as error:
        raise node.refuse(f"invalid on-failure {text}: {error}") from None
    return OnFailure("RETRY", _RETRIES if match[1] is None else int(match[1]), pattern)


def secret_reference(text: str) -> SecretReference:
    """`secret-id:json-key:version-stage:version-id`. An ARN itself contains colons."""
    parts = text.split(":")
    own = 7 if text.startswith("arn:") else 1
    rest = [*parts[own:], "", "", ""]
    return SecretReference(":".join(parts[:own]), rest[0], rest[1], rest[2])


def _named(node: Node) -> tuple[tuple[str, ArtifactSpec], ...]:
    _require_mapping(node, node.path)
    return tuple((name, _artifacts(each)) for name, each in node.items())


def _artifacts(node: Node) -> ArtifactSpec:
    _only(node, _FILES, node.path)
    return ArtifactSpec(
        files=_texts(node.get("files")),
        base_directory=_text(node.get("base-directory")) or ".",
        discard_paths=_flag(node.get("discard-paths")),
        exclude_paths=_texts(node.get("exclude-paths")),
        enable_symlinks=_flag(node.get("enable-symlinks")),
        name=_text(node.get("name")),
        prefix=_text(node.get("s3-prefix")),
    )


def _shell(node: Node) -> str:
    if node.is_missing:
        return "sh"
    if node.text not in _SHELLS:
        raise node.refuse(f"shell {node.text} is not simulated: there are bash and /bin/sh")
    return _SHELLS[node.text]


def _pairs(node: Node) -> tuple[tuple[str, str], ...]:
    _require_mapping(node, node.path)
    for name, value in node.items():
        if not value.is_scalar:
            raise value.refuse(f"Expected {value.path} to be of string type")
        if name.startswith("CODEBUILD_"):
            raise value.refuse(f"{name}: the prefix CODEBUILD_ is reserved")
    return tuple((name, value.text) for name, value in node.items())


def _text(node: Node) -> str:
    if not node.is_missing and not node.is_scalar:
        raise node.refuse(f"Expected {node.path} to be of string type")
    return node.text


def _texts(node: Node) -> tuple[str, ...]:
    if node.is_missing:
        return ()
    if node.is_scalar:
        return (node.text,)
    if not node.is_list:
        raise node.refuse(f"Expected {node.path} to be a list of strings")
    for each in node.entries():
        if not each.is_scalar:
            raise each.refuse(f"Expected {each.path} to be of string type")
    return tuple(each.text for each in node.entries())


def _flag(node: Node) -> bool:
    if node.is_missing:
        return False
    if node.text.lower() not in ("yes", "no", "true", "false"):
        raise node.refuse(f"Expected {node.path} to be yes or no")
    return node.text.lower() in ("yes", "true")


def _only(node: Node, known: set[str], where: str) -> None:
    """An unknown key is a spelling mistake. Without this check it would be ignored."""
    _require_mapping(node, where)
    for name, value in node.items():
        if name not in known:
            raise value.refuse(f"unknown key {name} in {where}")


def _require_mapping(node: Node, where: str) -> None:
    if not node.is_missing and not node.is_mapping:
        raise node.refuse(f"Expected {where} to be a mapping")
