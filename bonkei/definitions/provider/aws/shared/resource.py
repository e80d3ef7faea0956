"""The builder of a resource type's behaviour."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bonkei.definitions.provider.aws.shared.checks import Check, Rule, at, validator
from bonkei.definitions.provider.aws.shared.documents import same_json, same_policy
from bonkei.definitions.provider.aws.shared.naming import Mint, Minting
from bonkei.definitions.provider.behaviour import Context, ResourceBehaviour, by_id, no_effect
from bonkei.definitions.provider.values import Object, Value


def nothing(_: Mint) -> Mapping[str, Value]:
    return {}


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def resource(
    mint: Minting = nothing,
    *rules: Rule,
    force_new: str = "",
    defaults: Mapping[str, Value] | Callable[[Object], Object] | None = None,
    arguments: Mapping[str, Value] | None = None,
    recomputed: Mapping[str, str] | None = None,
    policies: Mapping[str, Check] | None = None,
    documents: Mapping[str, Check] | None = None,
    equivalent: Mapping[str, Callable[[Value, Value], bool]] | None = None,
    import_: Callable[[str, Context], Object] | str = by_id,
    after_apply: Callable[[Object, Object, Context], None] = no_effect,
    after_destroy: Callable[[Object, Context], None] = no_effect,
) -> ResourceBehaviour:
    """A behaviour from its parts.

    `force_new` and the values of `recomputed` are lists of names, parted by blanks. A name as
    `import_` means: that attribute equals the id. `policies` and `documents`: arguments with JSON
    -> its check. Two texts of the same meaning are not a change.
    """

    def minting(planned: Object, context: Context) -> Object:
        return mint(Mint(planned, context))

    def importing(identifier: str, _: Context) -> Object:
        return {"id": identifier, str(import_): identifier}

    of_json = {**(policies or {}), **(documents or {})}
    constant = dict(defaults) if isinstance(defaults, Mapping) else {}
    return ResourceBehaviour(
        validate=validator(*rules, *(at(name, check) for name, check in of_json.items())),
        defaults=defaults if callable(defaults) else (lambda _: constant),
        argument_defaults=arguments or {},
        force_new=words(force_new) | {"region"},
        mint=minting,
        recomputed_on_change={
            attribute: words(names) for attribute, names in (recomputed or {}).items()
        },
        equivalent={
            **dict.fromkeys(policies or (), same_policy),
            **dict.fromkeys(documents or (), same_json),
            **(equivalent or {}),
        },
        after_apply=after_apply,
        after_destroy=after_destroy,
        import_=importing if isinstance(import_, str) else import_,
    )
