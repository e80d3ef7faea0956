"""The provider hashicorp/tls: what it makes is judged by OpenSSL and OpenSSH."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bonkei.definitions.provider.behaviour import Context, Refused
from bonkei.definitions.provider.small import tls
from tests.bonkei.definitions.terraform.project import Project

MAIN = """
resource "tls_private_key" "ca" {
  algorithm   = "ECDSA"
  ecdsa_curve = "P384"
}
resource "tls_private_key" "web" {
  algorithm = "RSA"
}
resource "tls_private_key" "ssh" {
  algorithm = "ED25519"
}
resource "tls_self_signed_cert" "ca" {
  private_key_pem       = tls_private_key.ca.private_key_pem
  validity_period_hours = HOURS
  is_ca_certificate     = true
  allowed_uses          = ["cert_signing"]
  subject {
    common_name  = "Our own"
    organization = "Shop"
  }
}
resource "tls_cert_request" "web" {
  private_key_pem = tls_private_key.web.private_key_pem
  dns_names       = ["shop.example"]
  ip_addresses    = ["10.0.0.1"]
  subject {
    common_name = "shop.example"
  }
}
resource "tls_locally_signed_cert" "web" {
  cert_request_pem      = tls_cert_request.web.cert_request_pem
  ca_private_key_pem    = tls_private_key.ca.private_key_pem
  ca_cert_pem           = tls_self_signed_cert.ca.cert_pem
  validity_period_hours = 24
  allowed_uses          = ["server_auth", "digital_signature"]
}
data "tls_public_key" "ssh" {
  private_key_openssh = tls_private_key.ssh.private_key_openssh
}
data "tls_certificate" "chain" {
  content = "${tls_locally_signed_cert.web.cert_pem}${tls_self_signed_cert.ca.cert_pem}"
}
resource "aws_acm_certificate" "web" {
  private_key       = tls_private_key.web.private_key_pem
  certificate_body  = tls_locally_signed_cert.web.cert_pem
  certificate_chain = tls_self_signed_cert.ca.cert_pem
}
output "made" {
  sensitive = true
  value = {
    ca      = tls_self_signed_cert.ca.cert_pem
    web     = tls_locally_signed_cert.web.cert_pem
    key     = tls_private_key.web.private_key_pem
    ssh     = tls_private_key.ssh.private_key_openssh
    public  = data.tls_public_key.ssh.public_key_openssh
    print   = tls_private_key.ssh.public_key_fingerprint_sha256
    subject = data.tls_certificate.chain.certificates[1].subject
    is_ca   = data.tls_certificate.chain.certificates[*].is_ca
  }
}
"""


def said(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_other_programs_accept_what_it_makes(
    new_project: Callable[[], Project], tmp_path: Path
) -> None:
    project = new_project()
    main = project.write("infrastructure/main.tf", MAIN.replace("HOURS", "48"))
    workspace = project.workspace()
    workspace.apply()
    made = workspace.state()["values"]["outputs"]["made"]["value"]
    files = {name: tmp_path / name for name in ("ca", "web", "key", "ssh")}
    for name, file in files.items():
        file.write_text(made[name])
        file.chmod(0o600)
    ca, web = files["ca"], files["web"]
    verified = said("openssl", "verify", "-CAfile", ca, "-purpose", "sslserver",
                    "-verify_ip", "10.0.0.1", "-verify_hostname", "shop.example", web)  # fmt: skip
    assert verified.endswith("web: OK\n")
    of_certificate = said("openssl", "x509", "-in", web, "-noout", "-pubkey")
    assert of_certificate == said("openssl", "pkey", "-in", files["key"], "-pubout")
    assert said("ssh-keygen", "-y", "-f", files["ssh"]).split()[:2] == made["public"].split()
    assert made["print"] in said("ssh-keygen", "-l", "-f", files["ssh"])
    assert (made["subject"], made["is_ca"]) == ("CN=Our own,O=Shop", [False, True])
    assert workspace.plan().is_empty
    main.write_text(MAIN.replace("HOURS", "72"))
    assert workspace.plan().count("replace") == 2  # what the first one has signed, too


@pytest.mark.parametrize(
    ("type_name", "arguments", "said"),
    [
        ("tls_private_key", {"algorithm": "DSA"}, "no algorithm DSA"),
        ("tls_private_key", {"algorithm": "ECDSA", "ecdsa_curve": "P1"}, "no algorithm ECDSA P1"),
        ("tls_cert_request", {"private_key_pem": "x"}, "private_key_pem is not a private key"),
        ("tls_locally_signed_cert", {"cert_request_pem": "x"}, "cert_request_pem cannot be read"),
    ],
)
def test_what_cannot_be_made_is_refused(
    type_name: str, arguments: dict[str, str], said: str
) -> None:
    made = tls.provider().resources[type_name].mint
    with pytest.raises(Refused, match=said):
        made({"rsa_bits": 2048, "ecdsa_curve": "P224", **arguments}, Context())


@pytest.mark.parametrize(
    ("type_name", "arguments", "said"),
    [
        ("tls_public_key", {}, "Give one of"),
        ("tls_certificate", {"url": "https://example.com"}, "not asked for"),
        ("tls_certificate", {"content": "x"}, "content cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused(
    type_name: str, arguments: dict[str, str], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        tls.provider().data_sources[type_name].read(arguments, Context())
