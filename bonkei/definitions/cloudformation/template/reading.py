"""Reads a template's sections from its document, with CloudFormation's refusals.

Limits: "Understand CloudFormation quotas",
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bonkei.definitions.cloudformation.errors import TemplateError
from bonkei.definitions.cloudformation.template.document import Document, Function, load_document
from bonkei.definitions.cloudformation.template.model import (
    Assertion,
    Expression,
    Output,
    ResourceDeclaration,
    Rule,
    Template,
)
from bonkei.definitions.cloudformation.template.parameters import read_parameter
from bonkei.definitions.cloudformation.template.references import require_references

BODY_LIMIT = 51_200
"""The most bytes of a template in a request. A larger one is read from a URL of S3."""
_SECTIONS = frozenset(
    {
        *("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings"),
        *("Conditions", "Transform", "Hooks", "Resources", "Outputs"),
    }
)
_MOST = {"Parameters": 200, "Resources": 500, "Outputs": 200, "Mappings": 200}
_LOGICAL_ID = re.compile(r"[A-Za-z0-9]{1,255}")
_ATTRIBUTES = frozenset(
    {
        *("Type", "Properties", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy"),
        *("Metadata", "CreationPolicy", "UpdatePolicy"),
    }
)
_POLICIES = ("", "Delete", "Retain", "RetainExceptOnCreate", "Snapshot")


def read_template(text: str) -> Template:
    """Read a template. Raises TemplateError in CloudFormation's words."""
    document = load_document(text)
    root = document.value
    if not isinstance(root, dict):
        raise TemplateError("Template format error: unsupported structure.")
    _require_sections(root, document)
    template = Template(
        text=text,
        description=_text(root.get("Description", ""), "Description", document.line("Description")),
        metadata=root.get("Metadata", {}),
        parameters={
            name: read_parameter(name, written, document)
            for name, written in _section(document, "Parameters")
        },
        rules={name: _rule(name, each, document) for name, each in _section(document, "Rules")},
        mappings=dict(_mappings(document)),
        conditions=_plain_section(document, "Conditions"),
        resources={
            name: _resource(name, each, document) for name, each in _section(document, "Resources")
        },
        outputs={
            name: _output(name, each, document) for name, each in _section(document, "Outputs")
        },
    )
    require_references(template)
    return template


def _require_sections(root: Mapping[str, Any], document: Document) -> None:
    version = root.get("AWSTemplateFormatVersion", "2010-09-09")
    if version != "2010-09-09":
        line = document.line("AWSTemplateFormatVersion")
        raise TemplateError("Template format error: AWSTemplateFormatVersion is not valid", line)
    for name in ("Transform", "Hooks"):
        if name in root:
            what = f"{name} is not served by the miniature: deploy the template without it"
            raise TemplateError(what, document.line(name))
    if unknown := [name for name in root if name not in _SECTIONS]:
        names = ", ".join(unknown)
        line = document.line(unknown[0])
        raise TemplateError(f"Invalid template property or properties [{names}]", line)
    if not root.get("Resources"):
        raise TemplateError("Template format error: At least one Resources member must be defined.")
    for name, most in _MOST.items():
        if len(_plain_section(document, name)) > most:
            what = (
                f"Template format error: Number of {name.lower()} is greater than maximum allowed"
            )
            raise TemplateError(f"{what}, {most}", document.line(name))


def _plain_section(document: Document, section: str) -> Mapping[str, Any]:
    found = document.value.get(section, {})
    if not isinstance(found, dict):
        what = f"Template format error: {section} must be an object"
        raise TemplateError(what, document.line(section))
    for name in found:
        if section != "Conditions" and not _LOGICAL_ID.fullmatch(name):
            what = f"Template format error: {section[:-1]} name {name} is non alphanumeric."
            raise TemplateError(what, document.line(section, name))
    return found


def _section(document: Document, section: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, value in _plain_section(document, section).items():
        if not isinstance(value, dict):
            what = f"Template format error: every {section} object must be an object: {name}"
            raise TemplateError(what, document.line(section, name))
        yield name, value


def _mappings(document: Document) -> Iterator[tuple[str, Mapping[str, Mapping[str, Any]]]]:
    for name, first in _section(document, "Mappings"):
        for key, second in first.items():
            if not isinstance(second, dict) or any(map(_has_function, second.values())):
                what = "Template format error: Every Mappings attribute must be a String or a List"
                raise TemplateError(f"{what}: {name}.{key}", document.line("Mappings", name, key))
        yield name, first


def _has_function(value: Any) -> bool:
    return isinstance(value, Function | dict) or (
        isinstance(value, list) and any(map(_has_function, value))
    )


def _rule(name: str, written: Mapping[str, Any], document: Document) -> Rule:
    line = document.line("Rules", name)
    _require_only(written, {"RuleCondition", "Assertions"}, f"Rules member {name}", line)
    listed = written.get("Assertions")
    if not isinstance(listed, list) or not listed:
        raise TemplateError(f"Template format error: rule {name} needs a list of Assertions", line)
    assertions = []
    for number, each in enumerate(listed):
        here = document.line("Rules", name, "Assertions", number)
        if not isinstance(each, dict) or "Assert" not in each:
            raise TemplateError(f"Template format error: rule {name} needs an Assert", here)
        _require_only(each, {"Assert", "AssertDescription"}, f"assertion of rule {name}", here)
        assertions.append(Assertion(each["Assert"], str(each.get("AssertDescription", "")), here))
    return Rule(name, tuple(assertions), written.get("RuleCondition"), line)


def _resource(name: str, written: Mapping[str, Any], document: Document) -> ResourceDeclaration:
    line = document.line("Resources", name)
    kind = written.get("Type")
    if not isinstance(kind, str):
        what = f"Template format error: [/Resources/{name}] Every Resources object must contain a"
        raise TemplateError(f"{what} Type member.", line)
    if unknown := sorted(set(written) - _ATTRIBUTES):
        what = f"Template format error: Invalid template resource property '{unknown[0]}'"
        raise TemplateError(what, document.line("Resources", name, unknown[0]))
    for attribute in ("CreationPolicy", "UpdatePolicy"):
        if attribute in written:
            what = f"{attribute} of {name} is not served by the miniature"
            raise TemplateError(what, document.line("Resources", name, attribute))
    properties = written.get("Properties", {})
    if not isinstance(properties, dict):
        what = f"Template format error: [/Resources/{name}/Properties] is not an object"
        raise TemplateError(what, document.line("Resources", name, "Properties"))
    return ResourceDeclaration(
        logical_id=name,
        type=kind,
        properties=properties,
        condition=_text(written.get("Condition", ""), f"Condition of {name}", line),
        depends_on=_names(written.get("DependsOn", ()), name, line),
        deletion_policy=_policy(written, "DeletionPolicy", name, line),
        update_replace_policy=_policy(written, "UpdateReplacePolicy", name, line),
        metadata=written.get("Metadata"),
        line=line,
    )


def _names(written: Any, name: str, line: int) -> tuple[str, ...]:
    found = (written,) if isinstance(written, str) else written
    if not isinstance(found, list | tuple) or not all(isinstance(each, str) for each in found):
        what = f"Template format error: Every DependsOn value must be a string: {name}"
        raise TemplateError(what, line)
    return tuple(found)


def _policy(written: Mapping[str, Any], attribute: str, name: str, line: int) -> Expression:
    policy = written.get(attribute, "")
    if not isinstance(policy, Function):
        require_policy(attribute, name, policy, line)
    return policy


def require_policy(attribute: str, name: str, policy: Any, line: int) -> None:
    """Raise TemplateError for what is not one. The empty policy is that of no attribute."""
    if policy not in _POLICIES or (attribute, policy) == (
        "UpdateReplacePolicy",
        "RetainExceptOnCreate",
    ):
        what = f"Template error: instance of {attribute} at {name} is not valid: {policy}"
        raise TemplateError(what, line)


def _output(name: str, written: Mapping[str, Any], document: Document) -> Output:
    line = document.line("Outputs", name)
    allowed = {"Value", "Description", "Export", "Condition"}
    _require_only(written, allowed, f"Outputs member {name}", line)
    if "Value" not in written:
        what = f"Template format error: [/Outputs/{name}] Every Outputs member must contain a Value"
        raise TemplateError(f"{what} object", line)
    export = written.get("Export", {})
    if not isinstance(export, dict) or (export and set(export) != {"Name"}):
        raise TemplateError(f"Template format error: Output {name} is malformed.", line)
    return Output(
        name=name,
        value=written["Value"],
        description=_text(written.get("Description", ""), f"Description of {name}", line),
        export=export.get("Name"),
        condition=_text(written.get("Condition", ""), f"Condition of {name}", line),
        line=line,
    )


def _require_only(written: Mapping[str, Any], allowed: set[str], what: str, line: int) -> None:
    if unknown := sorted(set(written) - allowed):
        raise TemplateError(f"Template format error: {what} has no property {unknown[0]}", line)


def _text(value: Any, what: str, line: int) -> str:
    if not isinstance(value, str):
        raise TemplateError(f"Template format error: Every {what} member must be a string.", line)
    return value
