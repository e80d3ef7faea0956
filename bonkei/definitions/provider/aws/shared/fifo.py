"""Names of topics and queues: the suffix shows whether they keep the order of messages."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.definitions.provider.aws.shared.checks import Rule, matches
from bonkei.definitions.provider.behaviour import Problem
from bonkei.definitions.provider.values import Object, given

NAME = matches(r"[a-zA-Z0-9_-]{1,256}(\.fifo)?", "letters, digits, - and _")


def name_shows_order(kind: str) -> Rule:
    """The name of a FIFO topic or queue ends in `.fifo`. No other name does."""

    def rule(config: Object) -> Iterator[Problem]:
        name, fifo = config.get("name"), config.get(f"fifo_{kind}")
        if not given(name) or not (fifo is None or given(fifo)):
            return
        if str(name).endswith(".fifo") != bool(fifo):
            detail = f'The name of a FIFO {kind}, and no other name, ends in ".fifo".'
            yield Problem(("name",), 'Invalid value for "name"', detail)

    return rule
