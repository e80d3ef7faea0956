"""LocalStack's tests whose answers were recorded on AWS (https://github.com/localstack/localstack).

They run as against AWS itself: `TEST_TARGET=AWS_CLOUD`, and `aws_validated` ones alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from suites import pytests
from suites.checkouts import needed, own_python
from suites.counts import Case, Verdict
from suites.miniature import running

FOLDER = "localstack"
NEEDS = "a clone of localstack/localstack, with `make install-test` or its requirements in .venv"
QUICK = (
    "logs", "events", "cloudwatch", "sns", "scheduler", "sts",
    "kms", "secretsmanager", "ssm",
)  # fmt: skip
_POSITION = re.compile(
    r": {'values_changed': \[<root\['exception_message'\]\['Error'\]\['MessageRaw'\][^<]*>\]}$"
)
_ACCOUNT = "210987654321"
"""Not that of examples: recordings leave out the account, but not what a test wrote itself."""
MORE = ("sqs", "s3", "cloudformation")


def run(checkout: Path, quick: bool, say: Callable[[str], None]) -> list[Case]:
    """The services that the miniature has, one after another."""
    python = own_python(checkout, "Python 3.13 and requirements-test.txt")
    tests = needed(checkout / "tests" / "aws" / "services", "its tests")
    cases: list[Case] = []
    with running(_ACCOUNT) as aws:
        environment = {
            **aws,
            "TEST_AWS_ACCESS_KEY_ID": aws["AWS_ACCESS_KEY_ID"],
            "TEST_AWS_SECRET_ACCESS_KEY": aws["AWS_SECRET_ACCESS_KEY"],
            "PYTHONPATH": str(checkout / "localstack-core"),
            "TEST_TARGET": "AWS_CLOUD",
            "DISABLE_EVENTS": "1",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
        }
        for service in QUICK if quick else (*QUICK, *MORE):
            words = ("-m", "aws_validated", "-p", "no:tinybird", str(tests / service))
            tests_of_it = pytests.Tests(
                python, checkout, words, environment, _service, 30 if quick else 120
            )
            found = pytests.run(tests_of_it, partial(_told, say, service))
            cases += map(without_positions, found)
    return cases


def without_positions(case: Case) -> Case:
    """The suite leaves out where AWS's Java parser was when it refused a pattern, and so do we. It
    leaves out much more for LocalStack, which counts here."""
    return replace(case, verdict=Verdict.PASSED) if _POSITION.search(case.why) else case


def _told(say: Callable[[str], None], service: str, done: str) -> None:
    say(f"{service} {done}")


def _service(test: str) -> str:
    return test.split("/")[3]
