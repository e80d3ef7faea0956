"""A `bonkei.toml` that is being written, for a repository that has none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bonkei.base import toml_text

_GUESSES = (
    (r"vpc(_id)?", "vpc-0aaaaaaaaaaaaaaa{}"),
    (r".*subnets?(_ids?)?", "subnet-0aaaaaaaaaaaaaaa{}"),
    (r".*(security_group|sg)s?(_ids?)?", "sg-0aaaaaaaaaaaaaaa{}"),
    (r".*zone_id", "Z0AAAAAAAAAAAAAAAAA{}"),
    (r".*region", "us-east-1"),
    (r"(.*_)?(env|environment|stage)(_name)?", "dev"),
    (r".*cidr(_blocks?)?", "10.0.0.0/16"),
    (r".*cert(ificate)?_arn", "arn:aws:acm:us-east-1:123456789012:certificate/{}"),
    (r".*(kms|key)_arn", "arn:aws:kms:us-east-1:123456789012:key/{}"),
    (r".*(topic|sns)_arns?", "arn:aws:sns:us-east-1:123456789012:{}"),
    (r".*(secrets?)_arns?", "arn:aws:secretsmanager:us-east-1:123456789012:secret:{}"),
    (r".*arns?", "arn:aws:iam::123456789012:role/{}"),
    (r".*email", "{}@example.com"),
    (r".*", "change-me-{}"),
)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known so far. Paths are relative to the file. `containers`: a container's name -> its
    settings, such as the folder of its Dockerfile. `outputs`: a remote state's name -> the outputs
    that are read. `questions`: what only a person knows; they become comments. `proposals`: those
    that end with a table, so they come last."""

    definitions: str | Sequence[str]
    variables: Sequence[str] = ()
    containers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    existing: Sequence[Mapping[str, Any]] = ()
    outputs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    questions: Sequence[str] = ()
    proposals: Sequence[str] = ()

    def text(self) -> str:
        """Write the file."""
        comments = "".join(map(_comment, self.questions))
        first: dict[str, Any] = {"definitions": self.definitions}
        variables = {"variables": self.variables} if self.variables else {}
        simple = "".join(
            f"{name} = {toml_text.value(value)}\n" for name, value in (first | variables).items()
        )
        tables = [
            toml_text.table(f"[containers.{toml_text.key(name)}]", settings)
            for name, settings in self.containers.items()
        ]
        tables += [toml_text.table("[[existing]]", one) for one in self.existing]
        tables += [
            toml_text.table(
                f"[remote_states.{toml_text.key(name)}]  # guesses", {o: guess(o) for o in outputs}
            )
            for name, outputs in self.outputs.items()
        ]
        return "\n".join([comments + simple, *tables, *map(_comment, self.proposals)])


def _comment(text: str) -> str:
    return "".join(f"# {line}\n" for line in text.splitlines())


def guess(name: str, type_: str = "") -> Any:
    """A value of the likely form for an output or a variable, by its name. `type_`: as Terraform
    writes it. None for a structure, which a name does not tell."""
    match type_:
        case "number":
            return 8080 if name.endswith("port") else 1
        case "bool":
            return False
        case "" | "string" | "any" | "list(string)" | "set(string)":
            form = next(form for pattern, form in _GUESSES if re.fullmatch(pattern, name))
            many = "(" in type_ or (not type_ and name.endswith("s"))
            return [form.format("a"), form.format("b")] if many else form.format("a")
        case _:
            return None
