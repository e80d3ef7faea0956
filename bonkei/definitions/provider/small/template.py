"""The provider hashicorp/template (version 2.2), which is archived and still in many definitions.

Its templates are in Terraform's own language. Rendered are names (`${name}`) and the escapes `$${`
and `%%{`; a template that holds more is refused, with the function that renders it.
https://developer.hashicorp.com/terraform/language/expressions/strings#string-templates
"""

from __future__ import annotations

import hashlib
import re

from bonkei.definitions.provider.addresses import VERSIONS
from bonkei.definitions.provider.behaviour import Context, DataSource, Refused
from bonkei.definitions.provider.provider import Provider
from bonkei.definitions.provider.schema import Block, ProviderSchema, computed, optional, required
from bonkei.definitions.provider.values import Object

ADDRESS = "registry.terraform.io/hashicorp/template"

_TEMPLATE_FILE = Block(
    {
        "template": required(),
        "vars": optional(["map", "string"]),
        "rendered": computed(),
        "id": computed(),
    }
)
# An escape, a name, or the beginning of anything else. A tilde takes the blanks on its side.
_SEQUENCE = re.compile(
    r"(?P<escape>\$\$\{|%%\{)"
    r"|(?:\s*\$\{~|\$\{)\s*(?P<name>[A-Za-z_][\w-]*)\s*(?:~\}\s*|\})"
    r"|(?P<other>[$%]\{[^}\n]*\}?)"
)


def provider() -> Provider:
    """The provider: the data source `template_file`."""
    return Provider(
        schema=ProviderSchema(
            ADDRESS, VERSIONS[ADDRESS], data_sources={"template_file": _TEMPLATE_FILE}
        ),
        data_sources={"template_file": DataSource(read=_read)},
    )


def _read(config: Object, _: Context) -> Object:
    rendered = render(str(config["template"]), config.get("vars") or {})
    return {"rendered": rendered, "id": hashlib.sha256(rendered.encode()).hexdigest()}


def render(template: str, variables: Object) -> str:
    """The template with its names replaced. Refused if it holds anything but names."""

    def replaced(found: re.Match[str]) -> str:
        line = template.count("\n", 0, found.end() - 1) + 1
        if found["escape"]:
            return found["escape"][1:]
        if found["other"]:
            raise Refused(
                "A template with more than names",
                f'In line {line} of the template: "{found["other"]}". The miniature renders'
                " ${name} for this data source, no directives and no other expressions. Use the"
                " function templatefile() in its place: Terraform renders that itself, and the"
                " provider hashicorp/template is no longer maintained.",
                ("template",),
            )
        if found["name"] not in variables:
            known = ", ".join(sorted(variables)) or "none"
            raise Refused(
                "Unknown variable in a template",
                f'In line {line} of the template: there is no "{found["name"]}" in vars; there is'
                f" {known}.",
                ("vars",),
            )
        return str(variables[found["name"]])

    return _SEQUENCE.sub(replaced, template)
