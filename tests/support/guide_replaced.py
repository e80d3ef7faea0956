"""What the guide's test does differently from the pages, and why. All else runs as written.

`aws` is the real command line, with the miniature's endpoint (as `bonkei aws --`). AWS's Session
Manager plugin is a download: the miniature's takes its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from miniatures import DRAINS_QUICKLY


@dataclass(frozen=True, slots=True)
class Replaced:
    """A `pattern` in a command, and its replacement (`re.sub`; `{…}` are values of the place)."""

    pattern: str
    instead: str
    reason: str


REPLACED = (
    Replaced(
        r"^terraform -chdir=(\S+) providers lock .*",
        r"echo '# The miniature serves the providers.' >\1/.terraform.lock.hcl",
        "A download from a vendor. The miniature serves the providers and asks for no hash.",
    ),
    Replaced(
        r"^(python3 environment/set_up\.py)$",
        r"\1 --yes --service-name statuspage --repository statuspage --email on-call@example.com "
        r"--terraform-sha256 {terraform} --trivy-sha256 {trivy}",
        "The answers that a person types, and the digests of the archives that the miniature "
        "serves to builds: tests/environment/test_set_up.py checks a vendor's.",
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
)


@dataclass(frozen=True, slots=True)
class Hurried:
    """A text in a `file` of the clone, the one that hurries, and why it may."""

    file: str
    before: str
    after: str
    reason: str


HURRIED = (
    Hurried(
        *DRAINS_QUICKLY,
        "Visitors here have their answer within a second, also on a busy machine.",
    ),
    Hurried(
        "environment/buildspecs/rollout.py",
        "STAYS_FOR = 60.0",
        "STAYS_FOR = 15.0",
        "test_releases_of_programs.py shows what a task does that ends within this time.",
    ),
    Hurried(
        "environment/buildspecs/rollout.py",
        "POLL = 5.0",
        "POLL = 1.0",
        "A deployment takes seconds here, and minutes on AWS.",
    ),
    *(
        Hurried(
            "infrastructure/terraform.tfvars.example",
            f"{program} = {{\n  cpu     = 256\n  memory  = 512\n  scaling = {{ min_capacity = 2",
            f"{program} = {{\n  cpu     = 256\n  memory  = 512\n  scaling = {{ min_capacity = 1",
            "Five releases start each task anew; test_releases_of_programs.py replaces three.",
        )
        for program in ("backend", "frontend")
    ),
    Hurried(
        "infrastructure/modules/edge/load_balancer.tf",
        "interval            = 10\n    timeout             = 5\n"
        "    healthy_threshold   = 2\n    unhealthy_threshold = 3\n",
        "interval            = 5\n    timeout             = 4\n"
        "    healthy_threshold   = 2\n    unhealthy_threshold = 10\n",
        "A new task counts after half the time. One is given up no sooner, for a busy machine.",
    ),
    Hurried(
        "bonkei.toml",
        "[slack]",
        "[monitor]\ntime_factor = 6\n\n[slack]",
        "A deployment waits for a period of its alarms: test_releases_of_programs.py shows one "
        "that rings meanwhile.",
    ),
    Hurried(
        "infrastructure/variables.tf",
        "latency_seconds              = optional(number, 2)",
        "latency_seconds              = optional(number, 60)",
        "The alarm about slow answers begins after five of these periods, which are not five "
        "minutes: a busy machine must not ring it.",
    ),
)
"""A release waits for these, and no one reads the pages meanwhile."""


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
