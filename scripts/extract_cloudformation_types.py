"""Write the schemas of the resource types that Bonkei serves, from CloudFormation's registry.

    python -m scripts.extract_cloudformation_types

AWS publishes a JSON schema for each type; cfn-lint (MIT-0), in the development environment, carries
them. The parts for people and for AWS's own handlers are left out. `names` has every type of AWS
with the properties that identify a resource, for GetTemplateSummary; and so a type that is not
served can be told from a misspelt one.
"""

from __future__ import annotations

import gzip
import json
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).parent.parent / "bonkei/definitions/cloudformation/data/types.json.gz"
SERVED = (
    "AWS::CodeBuild::Project",
    "AWS::CodeCommit::Repository",
    "AWS::CodePipeline::Pipeline",
    "AWS::DynamoDB::Table",
    "AWS::Events::Rule",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::IAM::RolePolicy",
    "AWS::KMS::Alias",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::SSM::Parameter",
)
"""To serve another type: add it here, run this, and write it among CloudFormation's `resources`."""

_KEPT = frozenset(
    {
        *("properties", "definitions", "required", "requiredXor", "requiredOr", "allOf", "anyOf"),
        *("oneOf", "additionalProperties", "createOnlyProperties", "readOnlyProperties"),
        *("conditionalCreateOnlyProperties", "dependentExcluded"),
    }
)
_TOLD = frozenset(
    {"description", "title", "$comment", "examples", "relationshipRef", "markdownDescription"}
)

Json = Any


def main() -> None:
    """Write the file; say how much there is."""
    schemas = files("cfnlint") / "data" / "schemas"
    known = json.loads((schemas / "providers" / "us-east-1.json").read_text())
    entries = {
        name: json.loads((schemas / "resources" / f"{file}.json").read_text())
        for name, file in known.items()
    }
    types = {name: extract(entries[name]) for name in SERVED}
    names = {name: identifiers(entry) for name, entry in entries.items()}
    source = f"AWS's resource type schemas, from cfn-lint {version('cfn-lint')}"
    document = {"source": source, "types": types, "names": names}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    OUTPUT.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    size = OUTPUT.stat().st_size // 1000
    print(f"{source}: {len(types)} of {len(known)} types, {size} kB")  # the command's answer


def identifiers(schema: Json) -> list[str]:
    """The properties that a user can give, of those that identify a resource."""
    own = schema.get("readOnlyProperties", ())
    found = (each for each in schema.get("primaryIdentifier", ()) if each not in own)
    return [pointer.rpartition("/")[2] for pointer in found]


def extract(schema: Json) -> Json:
    """The facts for checking a resource's properties, and for knowing which of them replace it."""
    return {key: _bare(value) for key, value in schema.items() if key in _KEPT}


def _bare(value: Json, names: bool = True) -> Json:
    """The schema without the parts for people. Where the keys are `names` of properties, all of
    them stay.
    """
    if isinstance(value, list):
        return [_bare(each, names=False) for each in value]
    if not isinstance(value, dict):
        return value
    kept = value if names else {key: one for key, one in value.items() if key not in _TOLD}
    return {key: _bare(one, not names and key in _NAMED) for key, one in kept.items()}


_NAMED = frozenset({"properties", "definitions", "patternProperties"})


if __name__ == "__main__":
    main()
