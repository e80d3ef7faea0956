"""What Terraform cannot know about its own errors: that this is a miniature."""

from __future__ import annotations

import dataclasses
import re

from bonkei.provider import catalogue, schema
from bonkei.terraform.errors import Diagnostic

_UNSUPPORTED = re.compile(r'provider hashicorp/aws does not support [a-z ]+ "(\w+)"')
_NO_PROVIDER = ("Missing required provider", "Failed to query available provider packages")


def explain(diagnostic: Diagnostic) -> Diagnostic:
    """The diagnostic, with what there is to add."""
    detail = diagnostic.detail
    if match := _UNSUPPORTED.search(detail):
        carried = schema.load(catalogue.SCHEMA)
        if match[1] in carried.not_carried:
            added = (
                f"The AWS provider {carried.version} has it, but the miniature does not carry it:"
                " its schema holds what an application on ECS uses. To add it, name it in"
                " scripts/schema/selection.py and run scripts/extract_schema.py."
            )
            return dataclasses.replace(diagnostic, detail=f"{detail}\n\n{added}")
    if diagnostic.summary in _NO_PROVIDER:
        stated = detail.partition(" You may be able to install")[0].strip()
        added = "Served are hashicorp/archive, hashicorp/aws and hashicorp/random."
        return dataclasses.replace(diagnostic, detail=f"{stated}\n\n{added}")
    return diagnostic
