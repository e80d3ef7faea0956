"""A pipeline's structure as `get-pipeline` shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.blueprint.codepipeline import (
    Condition,
    Filter,
    OnFailure,
    Pipeline,
    PipelineAction,
    Rule,
    Stage,
    Trigger,
)


def declaration(pipeline: Pipeline, version: int) -> Mapping[str, Any]:
    """PipelineDeclaration."""
    bucket = pipeline.artifact_buckets[0] if pipeline.artifact_buckets else ""
    store: dict[str, Any] = {"type": "S3", "location": bucket}
    if pipeline.encryption_key:
        store["encryptionKey"] = {"id": pipeline.encryption_key, "type": "KMS"}
    shown: dict[str, Any] = {
        "name": pipeline.name,
        "roleArn": pipeline.role_arn,
        "artifactStore": store,
        "stages": [_stage(each) for each in pipeline.stages],
        "version": version,
        "pipelineType": pipeline.type,
        "executionMode": pipeline.execution_mode,
    }
    if pipeline.variables:
        shown["variables"] = [
            {
                "name": each.name,
                "defaultValue": each.default or None,
                "description": each.description or None,
            }
            for each in pipeline.variables
        ]
    if pipeline.triggers:
        shown["triggers"] = [_trigger(each) for each in pipeline.triggers]
    return shown


def _stage(stage: Stage) -> Mapping[str, Any]:
    shown: dict[str, Any] = {
        "name": stage.name,
        "actions": [_action(each) for each in stage.actions],
    }
    if stage.before_entry:
        shown["beforeEntry"] = {"conditions": [_condition(each) for each in stage.before_entry]}
    if stage.on_success:
        shown["onSuccess"] = {"conditions": [_condition(each) for each in stage.on_success]}
    if stage.on_failure is not None:
        shown["onFailure"] = _on_failure(stage.on_failure)
    return shown


def _on_failure(declared: OnFailure) -> Mapping[str, Any]:
    retry = {"retryMode": declared.retry_mode} if declared.retry_mode else None
    return {
        "result": declared.result or None,
        "retryConfiguration": retry,
        "conditions": [_condition(each) for each in declared.conditions] or None,
    }


def _condition(condition: Condition) -> Mapping[str, Any]:
    return {
        "result": condition.result or None,
        "rules": [_rule(each) for each in condition.rules],
    }


def _rule(rule: Rule) -> Mapping[str, Any]:
    return {
        "name": rule.name,
        "ruleTypeId": {
            "category": "Rule",
            "owner": "AWS",
            "provider": rule.provider,
            "version": "1",
        },
        "configuration": dict(rule.configuration),
        "commands": list(rule.commands) or None,
        "inputArtifacts": [{"name": each} for each in rule.inputs] or None,
        "roleArn": rule.role_arn or None,
        "timeoutInMinutes": rule.timeout_minutes or None,
    }


def action_type(action: PipelineAction) -> Mapping[str, Any]:
    """ActionTypeId."""
    return {
        "category": action.category,
        "owner": action.owner,
        "provider": action.provider,
        "version": action.version,
    }


def _action(action: PipelineAction) -> Mapping[str, Any]:
    return {
        "name": action.name,
        "actionTypeId": action_type(action),
        "runOrder": action.run_order,
        "configuration": dict(action.configuration),
        "inputArtifacts": [{"name": each} for each in action.inputs],
        "outputArtifacts": [_output(each, action) for each in action.outputs],
        "commands": list(action.commands) or None,
        "outputVariables": list(action.output_variables) or None,
        "environmentVariables": [
            {"name": name, "value": value, "type": kind} for name, value, kind in action.environment
        ]
        or None,
        "roleArn": action.role_arn or None,
        "namespace": action.namespace or None,
        "timeoutInMinutes": action.timeout_minutes or None,
    }


def _output(name: str, action: PipelineAction) -> Mapping[str, Any]:
    return {"name": name, "files": list(action.output_files) or None}


def _trigger(trigger: Trigger) -> Mapping[str, Any]:
    push = [
        {
            "branches": _filter(each.branches),
            "filePaths": _filter(each.files),
            "tags": _filter(each.tags),
        }
        for each in trigger.pushes
    ]
    return {
        "providerType": "CodeStarSourceConnection",
        "gitConfiguration": {"sourceActionName": trigger.action, "push": push or None},
    }


def _filter(found: Filter) -> Mapping[str, Any] | None:
    if not found.includes and not found.excludes:
        return None
    return {"includes": list(found.includes) or None, "excludes": list(found.excludes) or None}
