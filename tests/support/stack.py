"""A CloudFormation template, evaluated for given parameters.

It knows the intrinsic functions that the pipeline's stack uses. A reference to a resource becomes
the resource's name if the template sets one, otherwise its logical id. So does one to an attribute,
except to one that the template sets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from bonkei.definitions.cloudformation.template.document import Function, load_document

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "environment" / "terraform_pipeline.yaml"

PRODUCTION = {
    "ServiceName": "statuspage",
    "EnvironmentIdentifier": "production",
    "CodeCommitRepositoryName": "statuspage",
    "TerraformSha256": "0" * 64,
    "TrivySha256": "0" * 64,
}
"""Parameters of the pipeline's stack."""

_PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "ap-northeast-1",
    "AWS::AccountId": "123456789012",
    "AWS::URLSuffix": "amazonaws.com",
}
_NAMES = ("BucketName", "TableName", "LogGroupName", "Name", "RoleName", "ManagedPolicyName")
_NOTHING = object()


@cache
def template(file: Path = TEMPLATE) -> dict[str, Any]:
    """The template as it is written, with the long form of each function."""
    read: dict[str, Any] = _plain(load_document(file.read_text(encoding="utf-8")).value)
    return read


def _plain(written: Any) -> Any:
    match written:
        case Function():
            return {written.name: _plain(written.argument)}
        case Mapping():
            return {key: _plain(item) for key, item in written.items()}
        case list() | tuple():
            return [_plain(item) for item in written]
    return written


class Stack:
    """The template with its parameters: `resources`, `outputs`, and whether rules hold.

    It is read when a test asks: modules make stacks, and every worker imports every module.
    """

    def __init__(self, parameters: Mapping[str, str], file: Path = TEMPLATE) -> None:
        self._parameters = dict(parameters)
        self._file = file

    @property
    def _template(self) -> dict[str, Any]:
        return template(self._file)

    @cached_property
    def declared(self) -> dict[str, Any]:
        """The parameters as the template declares them, by name."""
        found: dict[str, Any] = self._template["Parameters"]
        return found

    @cached_property
    def _values(self) -> dict[str, Any]:
        defaults = {n: p["Default"] for n, p in self.declared.items() if "Default" in p}
        return _PSEUDO | defaults | self._parameters

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Type and properties of each resource, by logical id."""
        return {
            name: {"Type": found["Type"], "Properties": self.value(found.get("Properties", {}))}
            for name, found in self._template["Resources"].items()
        }

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The values of the outputs, by name."""
        return {n: self.value(o["Value"]) for n, o in self._template["Outputs"].items()}

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of each resource of a type, by logical id."""
        return {n: r["Properties"] for n, r in self.resources.items() if r["Type"] == kind}

    def broken_rules(self) -> list[str]:
        """The text of each rule that these parameters break."""
        return [
            assertion["AssertDescription"]
            for rule in self._template["Rules"].values()
            if "RuleCondition" not in rule or self.value(rule["RuleCondition"])
            for assertion in rule["Assertions"]
            if not self.value(assertion["Assert"])
        ]

    def value(self, written: Any) -> Any:
        """The value of an expression in the template."""
        if isinstance(written, list):
            return [found for item in written if (found := self.value(item)) is not _NOTHING]
        if not isinstance(written, dict):
            return written
        if len(written) == 1:
            ((name, argument),) = written.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._intrinsic(name, argument)
        values = {key: self.value(item) for key, item in written.items()}
        return {key: found for key, found in values.items() if found is not _NOTHING}

    def _intrinsic(self, name: str, argument: Any) -> Any:
        match name, argument:
            case "Ref", "AWS::NoValue":
                return _NOTHING
            case "Ref", str():
                return self._reference(argument)
            case "Fn::GetAtt", [str() as resource, *attribute]:
                return self._reference(".".join([resource, *attribute]))
            case "Fn::Sub", str():
                return re.sub(r"\$\{([\w:.]+)\}", lambda m: self._reference(m[1]), argument)
            case "Fn::If", [str() as condition, yes, no]:
                return self.value(
                    yes if self.value(self._template["Conditions"][condition]) else no
                )
            case "Fn::Equals", [left, right]:
                return self.value(left) == self.value(right)
            case "Fn::Not", [condition]:
                return not self.value(condition)
            case "Fn::And", [*conditions]:
                return all(self.value(condition) for condition in conditions)
            case "Fn::Or", [*conditions]:
                return any(self.value(condition) for condition in conditions)
        return self._text(name, argument)

    def _text(self, name: str, argument: Any) -> Any:
        match name, argument:
            case "Fn::Sub", [str() as text, {**more}]:
                for key, value in more.items():
                    text = text.replace(f"${{{key}}}", self.value(value))
                return self._intrinsic(name, text)
            case "Fn::Join", [str() as between, parts]:
                return between.join(self.value(parts))
            case "Fn::Split", [str() as between, text]:
                return self.value(text).split(between)
        raise NotImplementedError(f"{name} of {argument!r}")

    def _reference(self, name: str) -> str:
        if name in self._values:
            return str(self._values[name])
        logical_id, _, attribute = name.partition(".")
        properties = self._template["Resources"][logical_id].get("Properties", {})
        if attribute in properties:  # such as a parameter's Value
            return str(self.value(properties[attribute]))
        named = next((properties[key] for key in _NAMES if key in properties), None)
        return logical_id if named is None else str(self.value(named))
