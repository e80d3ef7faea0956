"""Reads a template's text into values that keep their lines.

document    YAML or JSON -> plain values; an intrinsic function becomes a `Function`
model       a template's sections as frozen values
reading     from the document to the model, with CloudFormation's refusals
references  the names that an expression refers to
"""

from bonkei.definitions.cloudformation.template.document import Function
from bonkei.definitions.cloudformation.template.model import (
    ResourceDeclaration,
    Template,
)
from bonkei.definitions.cloudformation.template.reading import read_template

__all__ = [
    "Function",
    "ResourceDeclaration",
    "Template",
    "read_template",
]
