"""What the guide's test does differently from the pages, and why. All else runs as written.

`aws` is the real command line, with the miniature's endpoint (as `bonkei aws --`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Replaced:
    """A `pattern` in a command, and its replacement (`re.sub`; `{…}` are values of the place)."""

    pattern: str
    instead: str
    reason: str


REPLACED = (
    Replaced(r"^aws service-quotas .*", "true", "An account has quotas, a laptop has none."),
    Replaced(
        r"^terraform -chdir=(\S+) providers lock .*",
        r"echo '# The miniature serves the providers.' >\1/.terraform.lock.hcl",
        "A download from a vendor. The miniature serves the providers and asks for no hash.",
    ),
    Replaced(
        r"^curl -fsSLO https://releases\.hashicorp\.com/\S+/(terraform_\S+_SHA256SUMS)$",
        r"echo '{terraform}  terraform_1.15.5_linux_arm64.zip' >\1",
        "A download from a vendor. This list has the archive that the miniature serves to builds.",
    ),
    Replaced(
        r"^curl -fsSLO https://releases\.hashicorp\.com/\S+\.sig$", "true", "The same list's."
    ),
    Replaced(r"^curl \S+ https://www\.hashicorp\.com/\S+ \| gpg --import$", "true", "A download."),
    Replaced(r"^gpg --verify .*", "true", "HashiCorp has not signed the miniature's list."),
    Replaced(
        r"^curl -fsSLO https://github\.com/aquasecurity/trivy/\S+/(trivy_\S+_checksums\.txt)$",
        r"echo '{trivy}  trivy_0.76.0_Linux-ARM64.tar.gz' >\1",
        "A download from a vendor, as above.",
    ),
    Replaced(r"https://git-codecommit\.[\w-]+\.amazonaws\.com/", "{endpoint}/", "DNS."),
    Replaced(
        r"codecommit credential-helper",
        "--region ap-northeast-1 codecommit credential-helper --ignore-host-check",
        "DNS: the helper signs for Amazon's hosts alone, and takes the region from them.",
    ),
    Replaced(r"https://SITE/", "{site}/", "DNS."),
    Replaced(
        r"^(python -m backend .*)",
        r"bonkei exec backend -- \1",
        "The page says: in a shell in a task. This is the miniature's.",
    ),
    Replaced(
        r"^aws ecs execute-command .* --container (\w+) --interactive --command (\S+)$",
        r"echo 'python --version' | bonkei exec \1 -- \2",
        "AWS's Session Manager plugin is a download, and speaks to AWS's own channel.",
    ),
)

# What a person types who follows the pages: values of their own, and codes of a device.
TYPED = {
    "a code of the second factor": "123456",
    "a newer version of Terraform": "1.15.6",
    "NAME": "colleague",
    "a password for NAME": "a password of some length",
    "Slack's console": "the address of the miniature's inbox",
}


def replaced(text: str, place: Mapping[str, str]) -> str:
    for each in REPLACED:
        instead = each.instead
        for name, value in place.items():
            instead = instead.replace(f"{{{name}}}", value)
        text = re.sub(each.pattern, instead, text)
    return text
