"""A certificate for loopback, and the authority that signs only this one.

`python -m bonkei.services.endpoint.port.certificate_making NOW DAYS` writes both and the key as
JSON.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from bonkei.base.importing import importing

with importing():
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_NAMES = ("localhost", "*.localhost", "*.s3.localhost")


@dataclass(frozen=True, slots=True)
class Made:
    """All in PEM."""

    authority: str
    certificate: str
    key: str


def make(now: float, days: int) -> Made:
    """Create both, valid from an hour ago (clocks differ), for `days`."""
    authority, key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    issuer, subject = _name("Bonkei, of this home only"), _name("localhost")
    signer = x509.SubjectKeyIdentifier.from_public_key(authority.public_key())
    root = (
        _begin(issuer, issuer, authority, now, days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(signer, critical=False)
        .sign(authority, SHA256())
    )
    names = [*map(x509.DNSName, _NAMES), x509.IPAddress(ip_address("127.0.0.1"))]
    leaf = (
        _begin(subject, issuer, key, now, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(signer), critical=False
        )
        .sign(authority, SHA256())
    )
    return Made(
        root.public_bytes(Encoding.PEM).decode(),
        leaf.public_bytes(Encoding.PEM).decode(),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    )


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: float, days: int
) -> x509.CertificateBuilder:
    begin = datetime.fromtimestamp(now, UTC) - timedelta(days=1)  # the clock may be set back
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, signs: bool) -> x509.KeyUsage:
    """An authority signs certificates, a server signs its handshakes."""
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


if __name__ == "__main__":
    json.dump(asdict(make(float(sys.argv[1]), int(sys.argv[2]))), sys.stdout)
