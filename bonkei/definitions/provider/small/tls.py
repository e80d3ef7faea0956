"""The provider hashicorp/tls (version 4.1), for real: keys and certificates, made on this machine.

As with the real one, private keys are in the state. `tls_certificate` reads what it is given as
`content`; with a `url` it is refused, because a plan asks nothing of the network here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from bonkei.definitions.provider.addresses import VERSIONS
from bonkei.definitions.provider.behaviour import DataSource, ResourceBehaviour
from bonkei.definitions.provider.provider import Provider, assemble
from bonkei.definitions.provider.schema import (
    Attribute,
    Block,
    NestedBlock,
    ProviderSchema,
    computed,
    optional,
    required,
)
from bonkei.definitions.provider.values import Object

ADDRESS = "registry.terraform.io/hashicorp/tls"

_NAMES = (
    "common_name", "country", "locality", "organization", "organizational_unit", "postal_code",
    "province", "serial_number",
)  # fmt: skip
_LIST = ["list", "string"]
_PUBLIC = {
    name: computed()
    for name in (
        "public_key_pem", "public_key_openssh",
        "public_key_fingerprint_md5", "public_key_fingerprint_sha256", "id",
    )
}  # fmt: skip
_PRIVATE = ("private_key_pem", "private_key_openssh", "private_key_pem_pkcs8")
_SUBJECT = {
    "dns_names": optional(_LIST),
    "ip_addresses": optional(_LIST),
    "uris": optional(_LIST),
}
_SUBJECT_BLOCK = {
    "subject": NestedBlock(
        "list", Block({**{name: optional() for name in _NAMES}, "street_address": optional(_LIST)})
    )
}
_MADE = {
    "allowed_uses": required(_LIST),
    "validity_period_hours": required("number"),
    "early_renewal_hours": optional("number"),
    **{
        name: optional("bool")
        for name in ("is_ca_certificate", "set_subject_key_id", "set_authority_key_id")
    },
    **{
        name: computed()
        for name in ("cert_pem", "key_algorithm", "validity_start_time", "validity_end_time", "id")
    },
    "ready_for_renewal": computed("bool"),
}
_TEXTS = (
    "cert_pem", "issuer", "not_after", "not_before", "public_key_algorithm", "serial_number",
    "sha1_fingerprint", "signature_algorithm", "subject",
)  # fmt: skip
_CERTIFICATE = {**dict.fromkeys(_TEXTS, "string"), "is_ca": "bool", "version": "number"}
_BLOCKS = {
    "tls_private_key": Block(
        {
            "algorithm": required(),
            "rsa_bits": optional("number"),
            "ecdsa_curve": optional(),
            **{name: computed(sensitive=True) for name in _PRIVATE},
            **_PUBLIC,
        }
    ),
    "tls_self_signed_cert": Block(
        {
            "private_key_pem": Attribute("string", required=True, sensitive=True),
            **_SUBJECT,
            **_MADE,
        },
        _SUBJECT_BLOCK,
    ),
    "tls_cert_request": Block(
        {
            "private_key_pem": Attribute("string", required=True, sensitive=True),
            **_SUBJECT,
            **{name: computed() for name in ("cert_request_pem", "key_algorithm", "id")},
        },
        _SUBJECT_BLOCK,
    ),
    "tls_locally_signed_cert": Block(
        {
            "cert_request_pem": required(),
            "ca_cert_pem": required(),
            "ca_private_key_pem": Attribute("string", required=True, sensitive=True),
            "ca_key_algorithm": computed(),
            **_MADE,
        }
    ),
}
_DATA = {
    "tls_public_key": Block(
        {
            "private_key_pem": optional(sensitive=True),
            "private_key_openssh": optional(sensitive=True),
            "algorithm": computed(),
            **_PUBLIC,
        }
    ),
    "tls_certificate": Block(
        {
            "content": optional(),
            "url": optional(),
            "verify_chain": optional("bool"),
            "id": computed(),
            "certificates": computed(["list", ["object", _CERTIFICATE]]),
        }
    ),
}  # fmt: skip


def provider() -> Provider:
    """The provider: keys, requests and certificates, and what can be read of them."""
    minted = {
        "tls_private_key": "private_key",
        "tls_self_signed_cert": "self_signed",
        "tls_cert_request": "request",
        "tls_locally_signed_cert": "locally_signed",
    }
    return assemble(
        Provider(
            schema=ProviderSchema(
                ADDRESS, VERSIONS[ADDRESS], resources=_BLOCKS, data_sources=_DATA
            ),
            resources={
                name: ResourceBehaviour(
                    mint=_made(mint),
                    argument_defaults=_defaults(name),
                    force_new=frozenset({*_BLOCKS[name].attributes, *_BLOCKS[name].blocks}),
                )
                for name, mint in minted.items()
            },
            data_sources={
                "tls_public_key": DataSource(read=_made("read_key")),
                "tls_certificate": DataSource(read=_made("read_certificates")),
            },
        )
    )


def _defaults(name: str) -> Mapping[str, Any]:
    if name == "tls_private_key":
        return {"rsa_bits": 2048, "ecdsa_curve": "P224"}
    return {"early_renewal_hours": 0} if "early_renewal_hours" in _BLOCKS[name].attributes else {}


def _made(name: str) -> Callable[..., Object]:
    """A function of `bonkei.definitions.provider.certificates`, which is loaded when it is used."""

    def make(*given: Any) -> Object:
        found: Object = getattr(import_module("bonkei.definitions.provider.certificates"), name)(
            *given
        )
        return found

    return make
