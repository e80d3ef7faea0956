"""Errors in a template or its parameters."""

from __future__ import annotations

from bonkei.base.errors import BonkeiError


class TemplateError(BonkeiError):
    """CloudFormation refuses the template, a parameter's value, or a name. The message is
    CloudFormation's, followed by the template's line if it is known; `words` are without it."""

    def __init__(self, message: str, line: int = 0, *, remedy: str = "") -> None:
        super().__init__(f"{message} (line {line})" if line else message, remedy=remedy)
        self.line = line
        self.words = message


class MissingExportError(TemplateError):
    """No stack exports the value now. CloudFormation looks for it when a resource is made."""

    def __init__(self, name: str, line: int = 0) -> None:
        super().__init__(f"No export named {name} found.", line)
        self.name = name
