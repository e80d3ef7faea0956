"""Facts on each argument from the real provider's own schemas, read from a data file.

A behaviour (`bonkei.definitions.provider.behaviour`) holds only code: generated values, and rules
between values. It does not repeat facts that the real provider states as data: replacements,
defaults, arguments that exclude or need each other, enumerations, ranges, lengths and patterns.
`scripts/extract_facts.py` makes the file, which names the provider's version.
"""

from __future__ import annotations

import dataclasses
import functools
import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bonkei.definitions.provider.behaviour import Context, Problem, ResourceBehaviour, by_id
from bonkei.definitions.provider.facts.checks import Known
from bonkei.definitions.provider.facts.rules import problems, read_rules
from bonkei.definitions.provider.values import Object

_GENERIC = ResourceBehaviour()
_PLACE = ("account_id", "region")


@dataclass(frozen=True, slots=True)
class IdentityAttribute:
    """One part of a resource's identity in an `import` block."""

    name: str
    required: bool
    argument: str
    """The resource's argument or attribute that has its value."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A data file's content."""

    version: str
    types: Mapping[str, Mapping[str, Known]]
    """Type -> dotted path of an argument -> its facts."""
    enumerations: Mapping[str, Sequence[str]]
    identities: Mapping[str, Sequence[IdentityAttribute]]

    def stating(self, key: str, type_name: str) -> list[str]:
        """The paths of the arguments with this fact, such as "default" or "sensitive"."""
        return [path for path, one in self.types.get(type_name, {}).items() if key in one]

    def enrich(self, type_name: str, behaviour: ResourceBehaviour) -> ResourceBehaviour:
        """A behaviour with the facts of its type; its own statements take precedence."""
        known = self.types.get(type_name)
        if not known:
            return behaviour
        defaults = {path: one["default"] for path, one in known.items() if "default" in one}
        own = behaviour.validate
        rules = functools.cache(lambda: read_rules(known, self.enumerations))

        def validate(config: Object) -> Sequence[Problem]:
            own_problems = list(own(config))
            told = {(problem.path, problem.summary) for problem in own_problems}
            found = [
                dataclasses.replace(one, of_schema=True)
                for one in problems(rules(), config)
                if (one.path, one.summary) not in told
            ]
            return [*own_problems, *found]

        return dataclasses.replace(
            behaviour,
            validate=validate,
            argument_defaults={**defaults, **behaviour.argument_defaults},
            force_new=behaviour.force_new | {path for path, one in known.items() if "new" in one},
            import_=self._import(type_name) if behaviour.import_ is by_id else behaviour.import_,
        )

    def _import(self, type_name: str) -> Callable[[str, Context], Object]:
        """The id is the argument that is alone the type's identity, if there is one."""
        own = [one for one in self.identities.get(type_name, ()) if one.name not in _PLACE]
        if len(own) != 1 or own[0].argument == "id":
            return by_id
        return lambda identifier, _: {"id": identifier, own[0].argument: identifier}


def load(name: str) -> Facts:
    """Read a data file of this package, such as "aws-facts.json.gz"."""
    packed = Path(__file__).parents[1].joinpath("data", name).read_bytes()
    document = json.loads(gzip.decompress(packed))
    return Facts(
        version=document["version"],
        types=document["types"],
        enumerations=document["enumerations"],
        identities={
            type_name: [
                IdentityAttribute(one[0], one[1], one[-1] if one[2:] else one[0]) for one in parts
            ]
            for type_name, parts in document["identities"].items()
        },
    )


class EnrichedBehaviours(Mapping[str, ResourceBehaviour]):
    """The behaviours of all types, each put together with its facts when it is first asked for."""

    def __init__(self, own: Mapping[str, ResourceBehaviour], facts: Facts) -> None:
        self._own = own
        self._facts = facts
        self._made: dict[str, ResourceBehaviour] = {}

    def __getitem__(self, type_name: str) -> ResourceBehaviour:
        if type_name not in self._made:
            if type_name not in self._own and type_name not in self._facts.types:
                raise KeyError(type_name)
            own = self._own.get(type_name, _GENERIC)
            self._made[type_name] = self._facts.enrich(type_name, own)
        return self._made[type_name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._own.keys() | self._facts.types.keys())

    def __len__(self) -> int:
        return len(self._own.keys() | self._facts.types.keys())
