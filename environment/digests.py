"""The SHA-256 of a tool's archive for the builds, from its vendor's signed list:
`digests.py terraform|trivy VERSION`.

Terraform's list is checked with gpg and HashiCorp's key, in a keyring of its own. Trivy's archive
is checked with cosign, because its list is not signed; where cosign is missing, that is an error.
Sources: hashicorp.com/trust/security and trivy.dev, "Signature Verification".
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from calls import SetUpError

HASHICORP = "https://releases.hashicorp.com"
HASHICORP_KEY = "https://www.hashicorp.com/.well-known/pgp-key.txt"
FINGERPRINT = "C874011F0AB405110D02105534365D9472D7468F"
TRIVY = "https://github.com/aquasecurity/trivy/releases/download"
_COSIGN = (
    "--certificate-identity-regexp", r"^https://github\.com/aquasecurity/trivy/\.github/workflows/",
    "--certificate-oidc-issuer", "https://token.actions.githubusercontent.com",
)  # fmt: skip
_PATIENCE = 60.0  # seconds


def terraform(version: str) -> str:
    """Of terraform_VERSION_linux_arm64.zip."""
    folder = f"{HASHICORP}/terraform/{version}/terraform_{version}_SHA256SUMS"
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        sums, signature, key = (place / name for name in ("sums", "sums.sig", "key"))
        for file, url in ((sums, folder), (signature, f"{folder}.sig"), (key, HASHICORP_KEY)):
            file.write_bytes(_get(url))
        _check(_GPG, "--homedir", temporary, "--import", str(key))
        said = _check(
            _GPG, "--homedir", temporary, "--status-fd", "1", "--verify", str(signature), str(sums)
        )
        if not any("VALIDSIG" in line and FINGERPRINT in line for line in said.splitlines()):
            raise SetUpError(f"{folder} is not signed with HashiCorp's key {FINGERPRINT}")
        subprocess.run(["gpgconf", "--homedir", temporary, "--kill", "all"], check=False)
        return _listed(sums.read_text(encoding="utf-8"), f"terraform_{version}_linux_arm64.zip")


def trivy(version: str) -> str:
    """Of trivy_VERSION_Linux-ARM64.tar.gz."""
    if version == "0.69.4":
        raise SetUpError("Trivy 0.69.4 was compromised (CVE-2026-33634): take another version")
    folder, name = f"{TRIVY}/v{version}", f"trivy_{version}_Linux-ARM64.tar.gz"
    with tempfile.TemporaryDirectory() as temporary:
        archive, bundle = Path(temporary) / name, Path(temporary) / "bundle"
        archive.write_bytes(_get(f"{folder}/{name}"))
        bundle.write_bytes(_get(f"{folder}/{name}.sigstore.json"))
        _check("cosign", "verify-blob", str(archive), "--bundle", str(bundle), *_COSIGN)
        return hashlib.sha256(archive.read_bytes()).hexdigest()


_GPG = "gpg"


def _get(url: str) -> bytes:
    print(f"? curl -fsSL {url}", flush=True)
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE) as answer:  # noqa: S310 - https, above
            return bytes(answer.read())
    except (urllib.error.URLError, TimeoutError) as error:
        raise SetUpError(f"{url}: {error}. {_BY_HAND}") from error


def _check(program: str, *words: str) -> str:
    command = [program, *(["--batch"] if program == _GPG else []), *words]
    try:
        outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise SetUpError(
            f"{program} is not installed, and checks a signature. {_BY_HAND}"
        ) from error
    if outcome.returncode:
        raise SetUpError(f"{program} refuses a signature: {outcome.stderr.strip()}")
    return outcome.stdout


_BY_HAND = "Or check the archive elsewhere, and give --terraform-sha256 or --trivy-sha256"


def _listed(text: str, archive: str) -> str:
    for line in text.splitlines():
        if line.split()[1:] == [archive]:
            return line.split()[0]
    raise SetUpError(f"the list of digests has no {archive}")


def main(words: Sequence[str]) -> None:
    """Print one."""
    match words:
        case ["terraform", version]:
            print(terraform(version))
        case ["trivy", version]:
            print(trivy(version))
        case _:
            sys.exit("usage: digests.py terraform|trivy VERSION")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SetUpError as error:
        sys.exit(f"error: {error}")
