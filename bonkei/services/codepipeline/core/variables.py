"""References to variables in an action's configuration: `#{namespace.key}`.

"Variables reference",
https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html"""

from __future__ import annotations

import re

from bonkei.base.errors import BonkeiError
from bonkei.services.codepipeline.core.values import Execution, Pairs

_REFERENCE = re.compile(r"#\{([A-Za-z0-9@_-]+)\.([A-Za-z0-9@_.-]+)\}")


class UnresolvedError(BonkeiError):
    """A reference names a variable that no earlier action has set."""


def resolve(text: str, execution: Execution) -> str:
    """`text` with the values of its references. Raises UnresolvedError."""
    known = variables_of(execution)

    def value(found: re.Match[str]) -> str:
        namespace, key = found.groups()
        try:
            return known[namespace][key]
        except KeyError:
            raise UnresolvedError(
                f"An action configuration contains an unresolvable variable reference: {found[0]}"
            ) from None

    return _REFERENCE.sub(value, text)


def resolve_all(configuration: Pairs, execution: Execution) -> Pairs:
    """A configuration with the values of its references. Raises UnresolvedError."""
    return tuple((name, resolve(value, execution)) for name, value in configuration)


def variables_of(execution: Execution) -> dict[str, dict[str, str]]:
    """The variables by namespace, including those of the pipeline and of CodePipeline itself."""
    known = {namespace: dict(pairs) for namespace, pairs in execution.namespaces}
    known["codepipeline"] = {"PipelineExecutionId": execution.id}
    known["variables"] = dict(execution.variables)
    return known
