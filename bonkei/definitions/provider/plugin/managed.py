"""The plugin protocol's operations on managed resources."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from bonkei.definitions.provider import apply, former, private, region_and_tags
from bonkei.definitions.provider.behaviour import Problem, Refused, ResourceBehaviour
from bonkei.definitions.provider.plan import Plan, plan_creation, plan_update
from bonkei.definitions.provider.plugin import codec, identities, wire
from bonkei.definitions.provider.plugin.connection import (
    Coder,
    Connection,
    answer,
    errors_of,
    from_stored,
    is_null,
)
from bonkei.definitions.provider.plugin.protocol import message
from bonkei.definitions.provider.plugin.selection import Selection
from bonkei.definitions.provider.private import Private
from bonkei.definitions.provider.provider import Provider
from bonkei.definitions.provider.schema import empty
from bonkei.definitions.provider.surroundings import canonical
from bonkei.definitions.provider.values import Object

_GENERIC = ResourceBehaviour()


class ManagedResources:
    """Plans, applies, reads, imports and moves resources."""

    def __init__(self, provider: Provider, connection: Connection, selection: Selection) -> None:
        self._provider = provider
        self._coder = Coder(selection)
        self._selection = selection
        self._blocks = provider.schema.resources
        self._connection = connection
        self._peers = connection.surroundings.peers
        self._peers.know(self._blocks)

    def validate_resource_config(self, request: Any) -> Any:
        block = self._blocks[request.type_name]
        config = self._coder.decode(request.config, block)
        problems = self._behaviour(request.type_name).validate(config)
        if "tags_all" in block.attributes:
            problems = [*problems, *region_and_tags.tag_problems(config)]
        names = former.ARGUMENTS.get(request.type_name, ())
        earlier = region_and_tags.former_problems(config, names)
        return answer("ValidateResourceConfig", [*problems, *earlier], block, config)

    def upgrade_resource_state(self, request: Any) -> Any:
        """Fit a stored state to the schema: drop unknown names, set new ones to null."""
        block = self._blocks[request.type_name]
        state = from_stored(request.raw_state.json, block)
        return message("UpgradeResourceState.Response")(
            upgraded_state=self._coder.encode(state, block)
        )

    def read_resource(self, request: Any) -> Any:
        """The stored state, with the changes that others have made to the resource since."""
        known = private.read(request.private)
        block = self._blocks[request.type_name]
        stored = request.current_state
        state: Object | None = self._coder.decode(stored, block)
        observed = self._connection.surroundings.observed.get(request.type_name, {})
        if state is not None and (name := str(state.get("id"))) in observed:
            changed = observed[name]
            state = None if changed is None else {**state, **changed}
            stored = self._coder.encode(state, block)
        self._peers.saw(request.type_name, known.token, state)
        return message("ReadResource.Response")(
            new_state=stored,
            private=known.write(),
            new_identity=_kept(request, "current_identity"),
        )

    def plan_resource_change(self, request: Any) -> Any:
        response = message("PlanResourceChange.Response")
        if is_null(request.proposed_new_state):
            return response(planned_state=request.proposed_new_state)
        block = self._blocks[request.type_name]
        config = self._coder.decode(request.config, block)
        is_new = is_null(request.prior_state)
        known = private.fresh() if is_new else private.read(request.prior_private)
        try:
            plan = self._plan(request, config, known)
        except Refused as refusal:
            return response(diagnostics=wire.diagnostics([refusal.problem], block))
        if isinstance(plan, list):
            return response(diagnostics=wire.diagnostics(plan, block, config))
        warnings = self._not_simulated(request.type_name) if is_new else []
        return response(
            planned_state=self._coder.encode(plan.planned, block),
            diagnostics=wire.diagnostics(warnings, block, config),
            requires_replace=[wire.located(path, block) for path in plan.replaced_by],
            planned_private=known.write(),
            planned_identity=_kept(request, "prior_identity"),
        )

    def _plan(self, request: Any, config: Object, known: Private) -> Plan | list[Problem]:
        block = self._blocks[request.type_name]
        behaviour = self._behaviour(request.type_name)
        prior = self._coder.decode(request.prior_state, block)
        if errors := errors_of(_news(behaviour.validate(config), config, prior)):
            return errors
        context = self._connection.context(known, config)
        proposed = self._coder.decode(request.proposed_new_state, block)
        if is_null(request.prior_state):
            return plan_creation(block, behaviour, config, proposed, context)
        adopted = known.adopted
        return plan_update(block, behaviour, prior, config, proposed, context, adopted=adopted)

    def apply_resource_change(self, request: Any) -> Any:
        change = self._destroy if is_null(request.planned_state) else self._create_or_update
        try:
            return change(request)
        except Refused as refusal:
            block = self._blocks[request.type_name]
            return message("ApplyResourceChange.Response")(
                new_state=request.prior_state,
                private=request.planned_private,
                diagnostics=wire.diagnostics([refusal.problem], block),
            )

    def _create_or_update(self, request: Any) -> Any:
        type_name = request.type_name
        block = self._blocks[type_name]
        behaviour = self._behaviour(type_name)
        known = private.read(request.planned_private)
        config = self._coder.decode(request.config, block)
        prior = self._coder.decode(request.prior_state, block)
        # Problems with values that were unknown at the plan.
        if errors := errors_of(_news(behaviour.validate(config), config, prior)):
            return message("ApplyResourceChange.Response")(
                new_state=request.prior_state,
                private=request.planned_private,
                diagnostics=wire.diagnostics(errors, block, config),
            )
        planned = self._coder.decode(request.planned_state, block)
        if not is_null(request.prior_state):
            known = Private(known.token, known.generation + 1)
        context = self._connection.context(known, planned)
        state = apply.complete(type_name, block, behaviour, planned, context)
        behaviour.after_apply(config, state, context)
        self._peers.saw(type_name, known.token, state)
        return message("ApplyResourceChange.Response")(
            new_state=self._coder.encode(state, block),
            private=known.write(),
            new_identity=_kept(request, "planned_identity"),
        )

    def _destroy(self, request: Any) -> Any:
        type_name = request.type_name
        prior = self._coder.decode(request.prior_state, self._blocks[type_name])
        known = private.read(request.planned_private)
        context = self._connection.context(known, prior)
        self._behaviour(type_name).after_destroy(prior, context)
        self._peers.saw(type_name, known.token, None)
        return message("ApplyResourceChange.Response")(new_state=request.planned_state)

    def import_resource_state(self, request: Any) -> Any:
        response = message("ImportResourceState.Response")
        block = self._blocks[request.type_name]
        known = private.fresh(adopted=True)
        context = self._connection.context(known, {})
        behaviour = self._behaviour(request.type_name)
        parts = self._provider.identities.get(request.type_name, ())
        identity: Object = {}
        if request.HasField("identity"):
            data = request.identity.identity_data.msgpack
            identity = codec.decode(data, identities.type_of(parts, block)) or {}
        try:
            if identity:
                found = identities.imported(parts, identity, behaviour, context)
            else:
                found = behaviour.import_(request.id, context)
        except Refused as refusal:
            return response(diagnostics=wire.diagnostics([refusal.problem], block))
        one = message("ImportResourceState.ImportedResource")(
            type_name=request.type_name,
            state=self._coder.encode({**empty(block), **found}, block),
            private=known.write(),
            identity=identities.as_data(identity, parts, block) if identity else None,
        )
        return response(imported_resources=[one])

    def get_resource_identity_schemas(self, _request: Any) -> Any:
        """Return the identities of the types that Terraform is shown."""
        response = message("GetResourceIdentitySchemas.Response")()
        for type_name in self._selection.schema.resources:
            if parts := self._provider.identities.get(type_name):
                schema = identities.schema(parts, self._blocks[type_name])
                response.identity_schemas[type_name].CopyFrom(schema)
        return response

    def upgrade_resource_identity(self, request: Any) -> Any:
        """Fit a stored identity to its schema: drop unknown names, set new ones to null."""
        block = self._blocks[request.type_name]
        parts = self._provider.identities[request.type_name]
        stored = codec.from_json(
            json.loads(request.raw_identity.json), identities.type_of(parts, block)
        )
        return message("UpgradeResourceIdentity.Response")(
            upgraded_identity=identities.as_data(stored, parts, block)
        )

    def move_resource_state(self, request: Any) -> Any:
        """Move a state, but only between two names of one type."""
        response = message("MoveResourceState.Response")
        block = self._blocks[request.target_type_name]
        source, target = request.source_type_name, request.target_type_name
        is_ours = request.source_provider_address == self._provider.schema.address
        if not is_ours or canonical(source) != canonical(target):
            detail = "Only types that are two names of one, as aws_alb and aws_lb, can be moved."
            problem = Problem((), f"{source} cannot become {target}", detail)
            return response(diagnostics=wire.diagnostics([problem], block))
        state = from_stored(request.source_state.json, block)
        return response(
            target_state=self._coder.encode(state, block), target_private=request.source_private
        )

    def _not_simulated(self, type_name: str) -> list[Problem]:
        """What a plan says of a type that nothing runs for. AWS would not refuse it."""
        schema = self._provider.schema
        if type_name not in schema.known_only:
            return []
        detail = (
            f"The AWS provider {schema.version} has it, and nothing runs for it here: it takes its"
            " arguments. What is read from it, such as an id, is made up."
        )
        return [Problem((), f"The resource type {type_name} is not simulated", detail, "warning")]

    def _behaviour(self, type_name: str) -> ResourceBehaviour:
        found = self._provider.resources.get(type_name, _GENERIC)
        return self._connection.judged(found)


def _kept(request: Any, name: str) -> Any:
    """Return the identity by which a resource was imported, if there is one. It never changes."""
    return getattr(request, name) if request.HasField(name) else None


def _news(problems: Iterable[Problem], config: Object, prior: Object) -> list[Problem]:
    """The problems, without those of unchanged values.

    With `ignore_changes`, values come from the state, even those that only the provider sets. The
    configuration itself has passed its validation.
    """

    def is_there(problem: Problem) -> bool:
        said = {name: value for name, value in config.items() if value is not None}
        names = [str(part) for part in problem.path[:1]] or list(said)
        return all(name in said and said[name] == prior.get(name) for name in names)

    return [problem for problem in problems if not (prior and is_there(problem))]
