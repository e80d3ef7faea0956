"""A template's text, as values that keep their lines.

document    YAML or JSON -> plain values, with a `Function` where an intrinsic is written
model       a template's sections as frozen values
reading     from the one to the other, with CloudFormation's refusals
references  what an expression refers to
"""

from bonkei.cloudformation.template.document import Function
from bonkei.cloudformation.template.model import (
    Assertion,
    Output,
    ParameterDeclaration,
    ResourceDeclaration,
    Rule,
    Template,
)
from bonkei.cloudformation.template.reading import read_template

__all__ = [
    "Assertion",
    "Function",
    "Output",
    "ParameterDeclaration",
    "ResourceDeclaration",
    "Rule",
    "Template",
    "read_template",
]
