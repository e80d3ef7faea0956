"""The messages of Terraform's plugin protocol, version 6.

`tf` carries the protocol's generated modules as of version 6.7. Later parts that are used here are
added to their descriptor before message classes are made from it: write-only arguments (6.8),
ephemeral resources (6.7, amended) and identities (6.9). The numbers are those of HashiCorp's
tfplugin6.proto.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from tf.gen import tfplugin_pb2

_FIELD = descriptor_pb2.FieldDescriptorProto
_PACKAGE = "tfplugin6"


def _field(
    message: Any, name: str, number: int, kind: Any, of: str = "", many: bool = False
) -> None:
    label = _FIELD.LABEL_REPEATED if many else _FIELD.LABEL_OPTIONAL
    added = message.field.add(name=name, number=number, type=kind, label=label)
    if of:
        added.type_name = f".{_PACKAGE}.{of}"


def _add_write_only(messages: dict[str, Any]) -> None:
    (attribute,) = (m for m in messages["Schema"].nested_type if m.name == "Attribute")
    _field(attribute, "write_only", 11, _FIELD.TYPE_BOOL)


def _add_ephemeral_resources(file: Any, messages: dict[str, Any]) -> None:
    metadata = messages["GetMetadata"]
    name = metadata.nested_type.add(name="EphemeralMetadata")
    _field(name, "type_name", 1, _FIELD.TYPE_STRING)
    response = _response(metadata)
    of = "GetMetadata.EphemeralMetadata"
    _field(response, "ephemeral_resources", 6, _FIELD.TYPE_MESSAGE, of, many=True)

    response = _response(messages["GetProviderSchema"])
    entry = response.nested_type.add(name="EphemeralResourceSchemasEntry")
    entry.options.map_entry = True
    _field(entry, "key", 1, _FIELD.TYPE_STRING)
    _field(entry, "value", 2, _FIELD.TYPE_MESSAGE, "Schema")
    of = "GetProviderSchema.Response.EphemeralResourceSchemasEntry"
    _field(response, "ephemeral_resource_schemas", 8, _FIELD.TYPE_MESSAGE, of, many=True)

    for operation in ("ValidateEphemeralResourceConfig", "OpenEphemeralResource"):
        message = file.message_type.add(name=operation)
        request = message.nested_type.add(name="Request")
        _field(request, "type_name", 1, _FIELD.TYPE_STRING)
        _field(request, "config", 2, _FIELD.TYPE_MESSAGE, "DynamicValue")
        response = message.nested_type.add(name="Response")
        _field(response, "diagnostics", 1, _FIELD.TYPE_MESSAGE, "Diagnostic", many=True)
        if operation == "OpenEphemeralResource":
            _field(response, "result", 3, _FIELD.TYPE_MESSAGE, "DynamicValue")
    message = file.message_type.add(name="CloseEphemeralResource")
    message.nested_type.add(name="Request")
    message.nested_type.add(name="Response")


def _add_identities(file: Any, messages: dict[str, Any]) -> None:
    schema = file.message_type.add(name="ResourceIdentitySchema")
    attribute = schema.nested_type.add(name="IdentityAttribute")
    _field(attribute, "name", 1, _FIELD.TYPE_STRING)
    _field(attribute, "type", 2, _FIELD.TYPE_BYTES)
    _field(attribute, "required_for_import", 3, _FIELD.TYPE_BOOL)
    _field(attribute, "optional_for_import", 4, _FIELD.TYPE_BOOL)
    of = "ResourceIdentitySchema.IdentityAttribute"
    _field(schema, "version", 1, _FIELD.TYPE_INT64)
    _field(schema, "identity_attributes", 2, _FIELD.TYPE_MESSAGE, of, many=True)

    data = file.message_type.add(name="ResourceIdentityData")
    _field(data, "identity_data", 1, _FIELD.TYPE_MESSAGE, "DynamicValue")

    getting = file.message_type.add(name="GetResourceIdentitySchemas")
    getting.nested_type.add(name="Request")
    response = getting.nested_type.add(name="Response")
    entry = response.nested_type.add(name="IdentitySchemasEntry")
    entry.options.map_entry = True
    _field(entry, "key", 1, _FIELD.TYPE_STRING)
    _field(entry, "value", 2, _FIELD.TYPE_MESSAGE, "ResourceIdentitySchema")
    of = "GetResourceIdentitySchemas.Response.IdentitySchemasEntry"
    _field(response, "identity_schemas", 1, _FIELD.TYPE_MESSAGE, of, many=True)

    upgrading = file.message_type.add(name="UpgradeResourceIdentity")
    request = upgrading.nested_type.add(name="Request")
    _field(request, "type_name", 1, _FIELD.TYPE_STRING)
    _field(request, "raw_identity", 3, _FIELD.TYPE_MESSAGE, "RawState")
    response = upgrading.nested_type.add(name="Response")
    _field(response, "upgraded_identity", 1, _FIELD.TYPE_MESSAGE, "ResourceIdentityData")
    _field(response, "diagnostics", 2, _FIELD.TYPE_MESSAGE, "Diagnostic", many=True)

    for operation, part, name, number in (
        ("ImportResourceState", "Request", "identity", 4),
        ("ImportResourceState", "ImportedResource", "identity", 4),
        ("ReadResource", "Request", "current_identity", 6),
        ("ReadResource", "Response", "new_identity", 5),
        ("PlanResourceChange", "Request", "prior_identity", 8),
        ("PlanResourceChange", "Response", "planned_identity", 7),
        ("ApplyResourceChange", "Request", "planned_identity", 7),
        ("ApplyResourceChange", "Response", "new_identity", 5),
    ):
        (message,) = (m for m in messages[operation].nested_type if m.name == part)
        _field(message, name, number, _FIELD.TYPE_MESSAGE, "ResourceIdentityData")


def _response(message: Any) -> Any:
    (response,) = (m for m in message.nested_type if m.name == "Response")
    return response


def _extended() -> descriptor_pool.DescriptorPool:
    file = descriptor_pb2.FileDescriptorProto()
    tfplugin_pb2.DESCRIPTOR.CopyToProto(file)
    messages = {message.name: message for message in file.message_type}
    _add_write_only(messages)
    _add_ephemeral_resources(file, messages)
    _add_identities(file, messages)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


_POOL = _extended()


@cache
def message(name: str) -> Any:
    """A message class by its name within the package, such as "PlanResourceChange.Request"."""
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
