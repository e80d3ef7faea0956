"""The plugin protocol's operations, for one connection: one provider block, or none yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bonkei.definitions.provider import private
from bonkei.definitions.provider.addresses import AWS
from bonkei.definitions.provider.behaviour import Described, FunctionFailed, Problem, Refused
from bonkei.definitions.provider.existing import Existing, not_simulated
from bonkei.definitions.provider.plugin import codec, wire
from bonkei.definitions.provider.plugin.connection import Connection, answer, errors_of
from bonkei.definitions.provider.plugin.managed import ManagedResources
from bonkei.definitions.provider.plugin.protocol import message
from bonkei.definitions.provider.plugin.selection import Selection
from bonkei.definitions.provider.provider import Provider
from bonkei.definitions.provider.surroundings import Surroundings

_ELSEWHERE = (
    "The list is empty, as on AWS. If there are some outside this stack, describe them in"
    " bonkei.toml:"
)


class Servicer(ManagedResources):
    """Answers Terraform. Each method takes the operation's Request and gives its Response."""

    def __init__(
        self, provider: Provider, surroundings: Surroundings, selection: Selection | None = None
    ) -> None:
        """`selection` is the part of the schema that Terraform is shown. Without it, Terraform is
        shown everything."""
        existing = Existing(provider, surroundings.existing)
        shown = selection or Selection(provider.schema, None)
        super().__init__(provider, Connection(surroundings, existing), shown)

    def get_metadata(self, _request: Any) -> Any:
        schema = self._provider.schema
        response = message("GetMetadata.Response")()
        wire.declare_capabilities(response)
        for field, kind, types in (
            (response.resources, "ResourceMetadata", schema.resources),
            (response.data_sources, "DataSourceMetadata", schema.data_sources),
            (response.ephemeral_resources, "EphemeralMetadata", schema.ephemeral_resources),
        ):
            metadata = message(f"GetMetadata.{kind}")
            field.extend(metadata(type_name=name) for name in types)
        return response

    def get_functions(self, _request: Any) -> Any:
        response = message("GetFunctions.Response")()
        wire.declare_functions(response, self._provider.functions)
        return response

    def call_function(self, request: Any) -> Any:
        function = self._provider.functions[request.name]
        given = zip(request.arguments, function.parameters.values(), strict=True)
        arguments = [codec.decode(argument.msgpack, type_) for argument, type_ in given]
        response = message("CallFunction.Response")
        try:
            result = function.call(*arguments)
        except FunctionFailed as failure:
            error = message("FunctionError")(text=str(failure))
            if failure.argument is not None:
                error.function_argument = failure.argument
            return response(error=error)
        encoded = codec.encode(result, function.returns)
        return response(result=message("DynamicValue")(msgpack=encoded))

    def validate_provider_config(self, request: Any) -> Any:
        block = self._provider.schema.configuration
        problems = self._provider.validate(self._coder.decode(request.config, block))
        return answer("ValidateProviderConfig", problems, block)

    def configure_provider(self, request: Any) -> Any:
        block = self._provider.schema.configuration
        problems: Sequence[Problem] = ()
        if self._provider.schema.address == AWS:  # another's region is not one of AWS's
            problems = self._connection.configure(self._coder.decode(request.config, block))
        return answer("ConfigureProvider", problems, block)

    def validate_data_resource_config(self, request: Any) -> Any:
        block = self._provider.schema.data_sources[request.type_name]
        source = self._provider.data_sources.get(request.type_name)
        config = self._coder.decode(request.config, block)
        problems = self._connection.judged(source).validate(config) if source is not None else ()
        return answer("ValidateDataResourceConfig", problems, block, config)

    def read_data_source(self, request: Any) -> Any:
        response = message("ReadDataSource.Response")
        block = self._provider.schema.data_sources[request.type_name]
        config = self._coder.decode(request.config, block)
        source = self._provider.data_sources.get(request.type_name)
        try:
            if source is None:
                context = self._connection.context(private.fresh(), config)
                source = self._connection.existing.as_data_source(request.type_name, context)
            # Values that were not known at the validation.
            if errors := errors_of(self._connection.judged(source).validate(config)):
                return response(diagnostics=wire.diagnostics(errors, block, config))
            found = source.read(config, self._connection.context(private.fresh(), config))
        except Refused as refusal:
            problem = self._connection.existing.with_tables(refusal.problem, refusal.missing)
            return response(diagnostics=wire.diagnostics([problem], block))
        notices = self._notices(request.type_name, source.missing(config, found))
        return response(
            state=self._coder.encode({**config, **found}, block),
            diagnostics=wire.diagnostics(notices, block),
        )

    def _notices(self, type_name: str, missing: Sequence[Described]) -> Sequence[Problem]:
        """AWS gives an empty list without a word. Here it mostly means a forgotten description."""
        if not missing:
            return ()
        notice = Problem((), f"{type_name} found none", _ELSEWHERE, "warning")
        return [self._connection.existing.with_tables(notice, missing)]

    def validate_ephemeral_resource_config(self, request: Any) -> Any:
        block = self._provider.schema.ephemeral_resources[request.type_name]
        kind = self._provider.ephemeral_resources.get(request.type_name)
        problems: Sequence[Problem] = ()
        if kind is not None:
            problems = kind.validate(self._coder.decode(request.config, block))
        return answer("ValidateEphemeralResourceConfig", problems, block)

    def open_ephemeral_resource(self, request: Any) -> Any:
        response = message("OpenEphemeralResource.Response")
        block = self._provider.schema.ephemeral_resources[request.type_name]
        config = self._coder.decode(request.config, block)
        kind = self._provider.ephemeral_resources.get(request.type_name)
        try:
            if kind is None:
                raise not_simulated("ephemeral resource", request.type_name)
            # Values that were not known at the validation.
            if errors := errors_of(kind.validate(config)):
                return response(diagnostics=wire.diagnostics(errors, block, config))
            found = kind.open(config, self._connection.context(private.fresh(), config))
        except Refused as refusal:
            return response(diagnostics=wire.diagnostics([refusal.problem], block))
        return response(result=self._coder.encode({**config, **found}, block))
