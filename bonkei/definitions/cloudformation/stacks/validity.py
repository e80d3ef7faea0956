"""Values that AWS refuses. The checks are those of Terraform's resources of the same type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bonkei.definitions.cloudformation.stacks.values import StackResource


def invalid(resources: Iterable[StackResource]) -> Mapping[str, str]:
    """Logical id -> the error. The first call is slow, because it loads the checks of every
    service."""
    from bonkei.definitions.provider.aws import RESOURCES  # noqa: PLC0415 - large, and not needed before

    found: dict[str, str] = {}
    for each in resources:
        for kind, values in each.state:
            behaviour = RESOURCES.get(kind)
            problems = behaviour.validate(values) if behaviour is not None else ()
            wrong = [one for one in problems if one.severity == "error"]
            if wrong and each.logical_id not in found:
                place = ".".join(map(str, wrong[0].path))
                what = wrong[0].detail or wrong[0].summary
                found[each.logical_id] = f"Invalid request provided: {place}: {what}"
    return found
