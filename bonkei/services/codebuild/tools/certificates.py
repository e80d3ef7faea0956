"""Certificates for the hosts that the miniature replaces in a build.

The authority is created with the service and kept in memory. Only builds trust it.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_DAYS = 30


@dataclass(frozen=True, slots=True)
class Authority:
    """`bundle`: a file with this authority and those of the machine."""

    bundle: Path
    contexts: dict[str, ssl.SSLContext]


def make_authority(directory: Path, hosts: frozenset[str], now: datetime) -> Authority:
    """Writes the bundle, but never the authority's own key. The machine's authorities are in it,
    too, because a build may contact other hosts."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Bonkei, for builds")])
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    root = (
        _begin(name, name, key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    pem = root.public_bytes(Encoding.PEM)
    bundle = directory / "authorities.pem"
    bundle.write_bytes(_machines_authorities() + b"\n" + pem)
    contexts = {host: _context(host, root, key, directory, now) for host in sorted(hosts)}
    return Authority(bundle, contexts)


def _context(
    host: str, root: x509.Certificate, signer: ec.EllipticCurvePrivateKey, directory: Path,
    now: datetime,
) -> ssl.SSLContext:  # fmt: skip
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    leaf = (
        _begin(subject, root.subject, key, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, SHA256())
    )
    file = directory / "leaf.pem"
    file.touch(mode=0o600)
    try:
        file.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + leaf.public_bytes(Encoding.PEM)
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(file)
    finally:
        file.unlink()
    return context


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    moment = now.astimezone(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1))  # the clock may be set back
        .not_valid_after(moment + timedelta(days=_DAYS))
    )


def _machines_authorities() -> bytes:
    paths = ssl.get_default_verify_paths()
    for name in (paths.cafile, paths.openssl_cafile):
        if name and Path(name).is_file():
            return Path(name).read_bytes()
    found = ssl.create_default_context().get_ca_certs(binary_form=True)
    return "".join(ssl.DER_cert_to_PEM_cert(each) for each in found).encode()
