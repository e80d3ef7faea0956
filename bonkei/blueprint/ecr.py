"""ECR repositories.

Read from aws_ecr_repository, its policies, and the registry's rules for scans.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bonkei.blueprint.iam import PolicyStatement, read_policy_document
from bonkei.blueprint.state import State
from bonkei.grammar.wildcards import between_stars


@dataclass(frozen=True, slots=True)
class Repository:
    """An image repository. `scan_filters` are the registry's rules by which its images are scanned
    on push."""

    address: str
    arn: str
    name: str
    url: str
    immutable: bool = False
    scan_on_push: bool = False
    scan_filters: tuple[str, ...] = ()
    lifecycle_policy: str = ""
    policy: tuple[PolicyStatement, ...] = ()


def read_repositories(state: State) -> tuple[Repository, ...]:
    """Every image repository."""
    lifecycles = {
        p.text("repository"): p.text("policy") for p in state.managed("aws_ecr_lifecycle_policy")
    }
    has_rules = any(state.managed("aws_ecr_registry_scanning_configuration"))
    rules = tuple(_scan_filters(state))
    found = []
    for block in state.managed("aws_ecr_repository"):
        name = block.text("name")
        filters = tuple(each for each in rules if _fits(each, name))
        own = any(c.flag("scan_on_push") for c in block.blocks("image_scanning_configuration"))
        repository = block.read(
            Repository,
            url=block.text("repository_url"),
            immutable=block.text("image_tag_mutability", "MUTABLE").startswith("IMMUTABLE"),
            # Where the registry has rules, they alone decide.
            scan_on_push=bool(filters) if has_rules else own,
            scan_filters=filters,
            lifecycle_policy=lifecycles.get(name, ""),
            policy=tuple(
                statement
                for each in state.managed("aws_ecr_repository_policy")
                if each.text("repository") == name
                for statement in read_policy_document(each, "policy")
            ),
        )
        found.append(repository)
    return tuple(found)


def _scan_filters(state: State) -> Iterator[str]:
    """Collect the filters of the rules by which a push begins a scan."""
    for configuration in state.managed("aws_ecr_registry_scanning_configuration"):
        for rule in configuration.blocks("rule"):
            if rule.text("scan_frequency") != "MANUAL":
                for each in rule.blocks("repository_filter"):
                    yield each.text("filter")


def _fits(wanted: str, name: str) -> bool:
    """Whether a filter fits a name. A filter without a `*` fits every name that contains it.

    "Using filters", Amazon ECR User Guide.
    """
    parts = wanted.split("*")
    if len(parts) == 1:
        return wanted in name
    return re.fullmatch(between_stars(map(re.escape, parts)), name) is not None
