"""From Terraform's state to the blueprint: one module a concept, all of them pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.blueprint.model import Blueprint
from bonkei.blueprint.readers.coverage import read_coverage
from bonkei.blueprint.readers.database import read_database_clusters
from bonkei.blueprint.readers.distribution import read_distributions
from bonkei.blueprint.readers.gaps import Gaps
from bonkei.blueprint.readers.load_balancer import read_load_balancers
from bonkei.blueprint.readers.secret import read_secrets
from bonkei.blueprint.readers.service import read_services
from bonkei.blueprint.readers.target_group import read_target_groups
from bonkei.blueprint.readers.task_definition import read_task_definitions
from bonkei.blueprint.readers.web_acl import read_web_acls
from bonkei.blueprint.state import State


def read(document: Mapping[str, Any]) -> Blueprint:
    """Read the architecture from the output of `terraform show -json` (of the applied state).

    Raises BlueprintError, which names the resource's address and the attribute.
    """
    state, gaps = State.parse(document), Gaps()
    return Blueprint(
        distributions=read_distributions(state, gaps),
        web_acls=read_web_acls(state, gaps),
        load_balancers=read_load_balancers(state, gaps),
        target_groups=read_target_groups(state, gaps),
        services=read_services(state, gaps),
        task_definitions=read_task_definitions(state),
        database_clusters=read_database_clusters(state, gaps),
        secrets=read_secrets(state),
        # Last: by then the readers have noted what they could not carry over.
        not_simulated=read_coverage(state, gaps),
    )
