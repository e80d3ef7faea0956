"""The operations of the plugin protocol, for one configured provider (one connection)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bonkei.provider import apply, codec, wire
from bonkei.provider.behaviour import Context, Problem, Refused, ResourceBehaviour, value_at
from bonkei.provider.plan import Plan, plan_creation, plan_update
from bonkei.provider.protocol import message
from bonkei.provider.provider import Provider
from bonkei.provider.schema import Block, empty, type_of
from bonkei.provider.surroundings import Surroundings
from bonkei.provider.values import Object, Value

_DynamicValue = message("DynamicValue")
_GENERIC = ResourceBehaviour()


@dataclass(frozen=True, slots=True)
class _Private:
    """What is kept with a resource and not shown: Terraform hands it back at each operation."""

    token: str
    generation: int = 1
    adopted: bool = False

    @classmethod
    def read(cls, data: bytes) -> _Private | None:
        return cls(**json.loads(data)) if data else None

    def write(self) -> bytes:
        return json.dumps(
            {"token": self.token, "generation": self.generation, "adopted": self.adopted}
        ).encode()


def _fresh() -> _Private:
    return _Private(secrets.token_hex(9)[:17])


class Servicer:
    """Answers one connection of Terraform: one provider block, or none yet."""

    def __init__(self, provider: Provider, surroundings: Surroundings) -> None:
        self._provider = provider
        self._surroundings = surroundings
        self._region = "us-east-1"
        self._default_tags: Mapping[str, str] = {}

    # What there is

    def get_metadata(self, _request: Any) -> Any:
        schema = self._provider.schema
        response = message("GetMetadata.Response")()
        wire.declare_capabilities(response)
        for field, kind, types in (
            (response.resources, "ResourceMetadata", schema.resources),
            (response.data_sources, "DataSourceMetadata", schema.data_sources),
            (response.ephemeral_resources, "EphemeralMetadata", schema.ephemeral_resources),
        ):
            field.extend(wire.names(types, message(f"GetMetadata.{kind}")))
        return response

    # The provider block

    def validate_provider_config(self, request: Any) -> Any:
        block = self._provider.schema.configuration
        problems = self._provider.validate(_decode(request.config, block))
        return _answer("ValidateProviderConfig", problems, block)

    def configure_provider(self, request: Any) -> Any:
        block = self._provider.schema.configuration
        config = _decode(request.config, block)
        region = config.get("region")
        if isinstance(region, str) and region:
            self._region = region
        tags = value_at(config, "default_tags", "tags")
        if isinstance(tags, Mapping):
            self._default_tags = {key: value for key, value in tags.items() if value is not None}
        return _answer("ConfigureProvider", (), block)

    # Configurations

    def validate_resource_config(self, request: Any) -> Any:
        block = self._provider.schema.resources[request.type_name]
        config = _decode(request.config, block)
        problems = self._behaviour(request.type_name).validate(config)
        return _answer("ValidateResourceConfig", problems, block)

    def validate_data_resource_config(self, request: Any) -> Any:
        block = self._provider.schema.data_sources[request.type_name]
        source = self._provider.data_sources.get(request.type_name)
        if source is None:
            problems: Iterable[Problem] = [_unknown_data_source(request.type_name)]
        else:
            problems = source.validate(_decode(request.config, block))
        return _answer("ValidateDataResourceConfig", problems, block)

    # Managed resources

    def upgrade_resource_state(self, request: Any) -> Any:
        block = self._provider.schema.resources[request.type_name]
        state = codec.from_json(json.loads(request.raw_state.json), type_of(block))
        return message("UpgradeResourceState.Response")(upgraded_state=_encode(state, block))

    def read_resource(self, request: Any) -> Any:
        block = self._provider.schema.resources[request.type_name]
        private = _Private.read(request.private) or _fresh()
        state = _decode(request.current_state, block)
        self._surroundings.peers.saw(request.type_name, private.token, state)
        return message("ReadResource.Response")(
            new_state=request.current_state, private=private.write()
        )

    def plan_resource_change(self, request: Any) -> Any:
        response = message("PlanResourceChange.Response")
        if _is_null(request.proposed_new_state):
            return response(planned_state=request.proposed_new_state)
        block = self._provider.schema.resources[request.type_name]
        behaviour = self._behaviour(request.type_name)
        config = _decode(request.config, block)
        problems = [p for p in behaviour.validate(config) if p.severity == "error"]
        if problems:
            return response(diagnostics=wire.diagnostics(problems, block))
        known = _Private.read(request.prior_private) or _fresh()
        prior = None if _is_null(request.prior_state) else _decode(request.prior_state, block)
        private = _fresh() if prior is None else known
        context = self._context(private, config)
        try:
            plan = self._plan(block, behaviour, request, prior, config, context, private)
        except Refused as refusal:
            return response(diagnostics=wire.diagnostics([refusal.problem], block))
        return response(
            planned_state=_encode(plan.planned, block),
            requires_replace=[wire.located(path, block) for path in plan.replaced_by],
            planned_private=private.write(),
        )

    def _plan(
        self,
        block: Block,
        behaviour: ResourceBehaviour,
        request: Any,
        prior: Object | None,
        config: Object,
        context: Context,
        private: _Private,
    ) -> Plan:
        proposed = _decode(request.proposed_new_state, block)
        if prior is None:
            return plan_creation(block, behaviour, config, proposed, context)
        return plan_update(
            block, behaviour, prior, config, proposed, context, adopted=private.adopted
        )

    def apply_resource_change(self, request: Any) -> Any:
        type_name = request.type_name
        block = self._provider.schema.resources[type_name]
        try:
            if _is_null(request.planned_state):
                return self._destroy(type_name, block, request)
            return self._create_or_update(type_name, block, request)
        except Refused as refusal:
            return message("ApplyResourceChange.Response")(
                new_state=request.prior_state,
                private=request.planned_private,
                diagnostics=wire.diagnostics([refusal.problem], block),
            )

    def _create_or_update(self, type_name: str, block: Block, request: Any) -> Any:
        behaviour = self._behaviour(type_name)
        private = _Private.read(request.planned_private) or _fresh()
        config = _decode(request.config, block)
        planned = _decode(request.planned_state, block)
        if _is_null(request.prior_state):
            context = self._context(private, planned)
            state = apply.create(type_name, block, behaviour, planned, context)
        else:
            private = _Private(private.token, private.generation + 1)
            context = self._context(private, planned)
            prior = _decode(request.prior_state, block)
            state = apply.update(type_name, block, behaviour, prior, planned, context)
        behaviour.after_apply(config, state, context)
        self._surroundings.peers.saw(type_name, private.token, state)
        return message("ApplyResourceChange.Response")(
            new_state=_encode(state, block), private=private.write()
        )

    def _destroy(self, type_name: str, block: Block, request: Any) -> Any:
        prior = _decode(request.prior_state, block)
        private = _Private.read(request.planned_private) or _fresh()
        self._behaviour(type_name).after_destroy(prior, self._context(private, prior))
        self._surroundings.peers.saw(type_name, private.token, None)
        return message("ApplyResourceChange.Response")(new_state=request.planned_state)

    def import_resource_state(self, request: Any) -> Any:
        response = message("ImportResourceState.Response")
        block = self._provider.schema.resources[request.type_name]
        private = _Private(_fresh().token, adopted=True)
        context = self._context(private, {})
        try:
            found = self._behaviour(request.type_name).import_(request.id, context)
        except Refused as refusal:
            return response(diagnostics=wire.diagnostics([refusal.problem], block))
        state = {**empty(block), **found}
        imported = message("ImportResourceState.ImportedResource")(
            type_name=request.type_name, state=_encode(state, block), private=private.write()
        )
        return response(imported_resources=[imported])

    def move_resource_state(self, request: Any) -> Any:
        response = message("MoveResourceState.Response")
        block = self._provider.schema.resources[request.target_type_name]
        aliases = {request.source_type_name, request.target_type_name}
        if (
            not _are_one_type(aliases)
            or request.source_provider_address != self._provider.schema.address
        ):
            summary = f"{request.source_type_name} cannot become {request.target_type_name}"
            remedy = (
                "Only types that are two names of one, such as aws_alb and aws_lb, can be moved."
            )
            return response(diagnostics=wire.diagnostics([Problem((), summary, remedy)], block))
        state = codec.from_json(json.loads(request.source_state.json), type_of(block))
        return response(target_state=_encode(state, block), target_private=request.source_private)

    # Data sources and ephemeral resources

    def read_data_source(self, request: Any) -> Any:
        response = message("ReadDataSource.Response")
        block = self._provider.schema.data_sources[request.type_name]
        source = self._provider.data_sources.get(request.type_name)
        if source is None:
            problem = _unknown_data_source(request.type_name)
            return response(diagnostics=wire.diagnostics([problem], block))
        config = _decode(request.config, block)
        try:
            found = source.read(config, self._context(_fresh(), config))
        except Refused as refusal:
            return response(diagnostics=wire.diagnostics([refusal.problem], block))
        return response(state=_encode({**config, **found}, block))

    def validate_ephemeral_resource_config(self, request: Any) -> Any:
        block = self._provider.schema.ephemeral_resources[request.type_name]
        kind = self._provider.ephemeral_resources.get(request.type_name)
        if kind is None:
            problems: Iterable[Problem] = [
                _unknown_data_source(request.type_name, "ephemeral resource")
            ]
        else:
            problems = kind.validate(_decode(request.config, block))
        return _answer("ValidateEphemeralResourceConfig", problems, block)

    def open_ephemeral_resource(self, request: Any) -> Any:
        response = message("OpenEphemeralResource.Response")
        block = self._provider.schema.ephemeral_resources[request.type_name]
        config = _decode(request.config, block)
        try:
            kind = self._provider.ephemeral_resources[request.type_name]
            found = kind.open(config, self._context(_fresh(), config))
        except Refused as refusal:
            return response(diagnostics=wire.diagnostics([refusal.problem], block))
        return response(result=_encode({**config, **found}, block))

    def _behaviour(self, type_name: str) -> ResourceBehaviour:
        return self._provider.resources.get(type_name, _GENERIC)

    def _context(self, private: _Private, values: Object) -> Context:
        region = values.get("region")
        return Context(
            region=region if isinstance(region, str) and region else self._region,
            partition=_partition(self._region),
            default_tags=self._default_tags,
            token=private.token,
            generation=private.generation,
            now=self._surroundings.clock(),
            vault=self._surroundings.vault,
            sequence=self._surroundings.sequence,
            peers=self._surroundings.peers.of,
        )


def _partition(region: str) -> str:
    prefixes = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    return next((name for prefix, name in prefixes.items() if region.startswith(prefix)), "aws")


def _are_one_type(names: Iterable[str]) -> bool:
    return len({name.replace("aws_alb", "aws_lb") for name in names}) == 1


def _unknown_data_source(type_name: str, kind: str = "data source") -> Problem:
    return Problem(
        (),
        f"The {kind} {type_name} is not simulated",
        "The miniature does not know what AWS would answer, and does not guess. Pass the value in"
        " as a variable, or take it from the resource that defines it.",
    )


def _is_null(value: Any) -> bool:
    return value.msgpack in (b"", b"\xc0")


def _decode(value: Any, block: Block) -> dict[str, Value]:
    return codec.decode(value.msgpack, type_of(block)) or {}


def _encode(value: Object, block: Block) -> Any:
    return _DynamicValue(msgpack=codec.encode(value, type_of(block)))


def _answer(operation: str, problems: Iterable[Problem], block: Block) -> Any:
    return message(f"{operation}.Response")(diagnostics=wire.diagnostics(problems, block))
