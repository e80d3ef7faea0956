"""Keys and certificates, as the provider hashicorp/tls makes and reads them.

Apart from that provider, because it takes a while to load and few stacks need it.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bonkei.definitions.provider.behaviour import Context, Refused
from bonkei.definitions.provider.values import Object

_Key: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
_CURVES: Mapping[str, Callable[[], ec.EllipticCurve]] = {
    "P224": ec.SECP224R1, "P256": ec.SECP256R1, "P384": ec.SECP384R1, "P521": ec.SECP521R1,
}  # fmt: skip
_NAMES = {
    "country": NameOID.COUNTRY_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "organizational_unit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "locality": NameOID.LOCALITY_NAME,
    "province": NameOID.STATE_OR_PROVINCE_NAME,
    "street_address": NameOID.STREET_ADDRESS,
    "postal_code": NameOID.POSTAL_CODE,
    "common_name": NameOID.COMMON_NAME,
    "serial_number": NameOID.SERIAL_NUMBER,
}
"""In the order in which Go's crypto/x509 writes them."""
_USAGES = {
    "digital_signature": "digital_signature", "content_commitment": "content_commitment",
    "key_encipherment": "key_encipherment", "data_encipherment": "data_encipherment",
    "key_agreement": "key_agreement", "cert_signing": "key_cert_sign", "crl_signing": "crl_sign",
    "encipher_only": "encipher_only", "decipher_only": "decipher_only",
}  # fmt: skip
_EXTENDED = {
    "any_extended": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code_signing": ExtendedKeyUsageOID.CODE_SIGNING,
    "email_protection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "timestamping": ExtendedKeyUsageOID.TIME_STAMPING,
    "ocsp_signing": ExtendedKeyUsageOID.OCSP_SIGNING,
}
_OF_OPENSSH = (
    "public_key_openssh", "public_key_fingerprint_md5", "public_key_fingerprint_sha256",
)  # fmt: skip


def private_key(planned: Object, _: Context) -> Object:
    key: _Key
    match planned["algorithm"]:
        case "RSA":
            key = rsa.generate_private_key(65537, int(planned["rsa_bits"]))
        case "ECDSA" if planned["ecdsa_curve"] in _CURVES:
            key = ec.generate_private_key(_CURVES[planned["ecdsa_curve"]]())
        case "ED25519":
            key = ed25519.Ed25519PrivateKey.generate()
        case other:
            said = f"{other} {planned['ecdsa_curve']}" if other == "ECDSA" else other
            known = f"Write RSA, ED25519, or ECDSA with one of {', '.join(_CURVES)}."
            raise Refused(f"There is no algorithm {said}", known, ("algorithm",))
    pkcs8 = _private(key, PrivateFormat.PKCS8)
    is_old = not isinstance(key, ed25519.Ed25519PrivateKey)
    has_ssh = not (isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size == 224)
    return {
        "private_key_pem": _private(key, PrivateFormat.TraditionalOpenSSL) if is_old else pkcs8,
        "private_key_pem_pkcs8": pkcs8,
        "private_key_openssh": _private(key, PrivateFormat.OpenSSH) if has_ssh else "",
        **_public(key),
    }


def _private(key: _Key, form: PrivateFormat) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def _public(key: _Key) -> Object:
    public = key.public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    found = {"id": hashlib.sha1(der).hexdigest(), "public_key_pem": pem}  # noqa: S324 - as there
    try:
        ssh = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    except (ValueError, UnsupportedAlgorithm):  # a curve that OpenSSH does not have
        return {**dict.fromkeys(_OF_OPENSSH, ""), **found}
    wire = base64.b64decode(ssh.split()[1])
    md5 = hashlib.md5(wire).hexdigest()  # noqa: S324 - as OpenSSH prints it
    sha = base64.b64encode(hashlib.sha256(wire).digest()).decode().rstrip("=")
    return {
        **found,
        "public_key_openssh": f"{ssh.decode()}\n",
        "public_key_fingerprint_md5": ":".join(md5[i : i + 2] for i in range(0, 32, 2)),
        "public_key_fingerprint_sha256": f"SHA256:{sha}",
    }


def _algorithm(key: object) -> str:
    if isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey):
        return "RSA"
    is_elliptic = isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey)
    return "ECDSA" if is_elliptic else "ED25519"


def _loaded(text: object, argument: str) -> _Key:
    try:
        key = load_pem_private_key(str(text).encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Refused(f"{argument} is not a private key", str(error), (argument,)) from None
    assert isinstance(key, _Key)  # noqa: S101 - other kinds are not in this form
    return key


def _read(parse: Callable[[bytes], Any], text: object, argument: str) -> Any:
    try:
        return parse(str(text).encode())
    except ValueError as error:
        raise Refused(f"{argument} cannot be read", str(error), (argument,)) from None


def _name(planned: Object) -> x509.Name:
    [given] = planned.get("subject") or [{}]
    values = ((oid, given.get(name) or ()) for name, oid in _NAMES.items())
    return x509.Name(
        x509.NameAttribute(oid, one)
        for oid, value in values
        for one in ([value] if isinstance(value, str) else value)
    )


def _alternatives(planned: Object) -> list[x509.GeneralName]:
    try:
        addresses = [ipaddress.ip_address(one) for one in planned.get("ip_addresses") or ()]
    except ValueError as error:
        raise Refused("ip_addresses has no IP address", str(error), ("ip_addresses",)) from None
    return [
        *(x509.DNSName(one) for one in planned.get("dns_names") or ()),
        *(x509.IPAddress(one) for one in addresses),
        *(x509.UniformResourceIdentifier(one) for one in planned.get("uris") or ()),
    ]


def request(planned: Object, _: Context) -> Object:
    key = _loaded(planned["private_key_pem"], "private_key_pem")
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(planned))
    if names := _alternatives(planned):
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    made = builder.sign(key, _digest(key)).public_bytes(Encoding.PEM).decode()
    return {"id": _identity(made), "cert_request_pem": made, "key_algorithm": _algorithm(key)}


def _digest(key: _Key) -> hashes.SHA256 | None:
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def _identity(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()  # noqa: S324 - a name


def self_signed(planned: Object, context: Context) -> Object:
    key = _loaded(planned["private_key_pem"], "private_key_pem")
    name, names = _name(planned), _alternatives(planned)
    return _signed(planned, context, key.public_key(), name, names, key, None)


def locally_signed(planned: Object, context: Context) -> Object:
    asked = _read(x509.load_pem_x509_csr, planned["cert_request_pem"], "cert_request_pem")
    authority = _read(x509.load_pem_x509_certificate, planned["ca_cert_pem"], "ca_cert_pem")
    key = _loaded(planned["ca_private_key_pem"], "ca_private_key_pem")
    try:
        kind = x509.SubjectAlternativeName
        names = list(asked.extensions.get_extension_for_class(kind).value)
    except x509.ExtensionNotFound:
        names = []
    made = _signed(planned, context, asked.public_key(), asked.subject, names, key, authority)
    return {**made, "ca_key_algorithm": _algorithm(key)}


def _signed(
    planned: Object,
    context: Context,
    public: Any,
    subject: x509.Name,
    names: list[x509.GeneralName],
    key: _Key,
    authority: x509.Certificate | None,
) -> Object:
    """A certificate for a public key. Without an authority it is signed by its own key."""
    begin = datetime.fromisoformat(context.now)
    end = begin + timedelta(hours=float(planned["validity_period_hours"]))
    builder = x509.CertificateBuilder(
        authority.subject if authority else subject, subject, public, x509.random_serial_number(),
        begin, end,
    )  # fmt: skip
    for extension, critical in _extensions(planned, public, names, key, authority):
        builder = builder.add_extension(extension, critical)
    made = builder.sign(key, _digest(key))
    return {
        "id": str(made.serial_number),
        "cert_pem": made.public_bytes(Encoding.PEM).decode(),
        "key_algorithm": _algorithm(public),
        "validity_start_time": context.now,
        "validity_end_time": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "ready_for_renewal": False,
    }


def _extensions(
    planned: Object,
    public: Any,
    names: list[x509.GeneralName],
    key: _Key,
    authority: x509.Certificate | None,
) -> list[tuple[x509.ExtensionType, bool]]:
    uses = planned["allowed_uses"]
    if unknown := [one for one in uses if one not in _USAGES and one not in _EXTENDED]:
        known = ", ".join(sorted({*_USAGES, *_EXTENDED}))
        raise Refused(f"There is no use {unknown[0]}", f"Write one of {known}.", ("allowed_uses",))
    usage = dict.fromkeys(_USAGES.values(), False) | {
        _USAGES[o]: True for o in uses if o in _USAGES
    }
    found: list[tuple[x509.ExtensionType, bool]] = []
    if any(usage.values()):
        found.append((x509.KeyUsage(**usage), True))
    if extended := [_EXTENDED[one] for one in uses if one in _EXTENDED]:
        found.append((x509.ExtendedKeyUsage(extended), False))
    found.append((x509.BasicConstraints(bool(planned.get("is_ca_certificate")), None), True))
    if planned.get("set_subject_key_id") or planned.get("is_ca_certificate"):
        found.append((x509.SubjectKeyIdentifier.from_public_key(public), False))
    if planned.get("set_authority_key_id") or authority is not None:
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
        found.append((issuer, False))
    if names:
        found.append((x509.SubjectAlternativeName(names), False))
    return found


def read_key(config: Object, _: Context) -> Object:
    given = [name for name in ("private_key_pem", "private_key_openssh") if config.get(name)]
    if len(given) != 1:
        raise Refused("Give one of private_key_pem and private_key_openssh")
    if given == ["private_key_pem"]:
        key = _loaded(config["private_key_pem"], "private_key_pem")
    else:
        key = _read(lambda text: load_ssh_private_key(text, None), config[given[0]], given[0])
    return {**_public(key), "algorithm": _algorithm(key)}


def read_certificates(config: Object, _: Context) -> Object:
    if not config.get("content"):
        raise Refused(
            "The certificates of an address are not asked for",
            "A plan here asks nothing of the network. Give their text as content.",
            ("url",) if config.get("url") else (),
        )
    chain = _read(x509.load_pem_x509_certificates, config["content"], "content")
    return {"id": _identity(str(config["content"])), "certificates": [*map(_certificate, chain)]}


def _certificate(one: x509.Certificate) -> Object:
    der = one.public_bytes(Encoding.DER)
    try:
        is_ca = bool(one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        is_ca = False
    signed = one.signature_hash_algorithm.name.upper() if one.signature_hash_algorithm else ""
    algorithm = _algorithm(one.public_key())
    return {
        "cert_pem": one.public_bytes(Encoding.PEM).decode(),
        "is_ca": is_ca,
        "issuer": one.issuer.rfc4514_string(),
        "not_after": one.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "not_before": one.not_valid_before_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "public_key_algorithm": algorithm,
        "serial_number": str(one.serial_number),
        "sha1_fingerprint": hashlib.sha1(der).hexdigest(),  # noqa: S324 - a fingerprint
        "signature_algorithm": f"{signed}-{algorithm}" if signed else algorithm,
        "subject": one.subject.rfc4514_string(),
        "version": 3,
    }
