"""LocalStack's tests whose answers were recorded on AWS (https://github.com/localstack/localstack).

They run as against AWS itself: `TEST_TARGET=AWS_CLOUD`, and `aws_validated` ones alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
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
_EVENTS = "per-resource-events"
_OF_FIXTURE = re.compile("describe-change-set-|post-create-|delete-describe")
_ABSENT = "not present"
_DETAIL = re.compile(r"(.*\['Details'\])\[\d+\](.*)")
_GENERATED = re.compile(r"(.*-)(?:[A-Za-z0-9]{12}|[0-9a-f]{8})")
_ADDED = {
    "LastOperations": "test_fn_find_in_map_with_nested_ref, 02-02-2026",
    "WarmThroughput": "cloudformation's test_default_name_for_table, 13-10-2025",
    "deletionProtectionEnabled": "test_describe_log_groups_with_prefix, 03-02-2026",
}
"""What AWS has added to its answers, with the recording that has it. Older ones lack it."""
_MEMBER = re.compile(r".*\['(\w+)'\]")
_OTHERWISE = {
    "test_create_change_set_update_without_parameters": (
        r"where 2 = len\(\[\{'Target': .*'TopicName'",
        # test_describe_changeset_after_delete, 11-09-2025, has both details of such a change
        "96d99d6 (2025-01-31) gave its template a parameter",
    ),
    "test_get_template_summary": (
        r"^template-summary: \{'iterable_item_added': \[<root\['Parameters'\]\[0\] [^<]*\]\}$",
        "96d99d6 (2025-01-31) gave its template a parameter",
    ),
    "test_nested_output_in_params": (
        r"\(InvalidBucketAclWithObjectOwnership\) when calling the CreateBucket operation",
        'AWS refuses it since April 2023 ("Default settings for new S3 buckets FAQ")',
    ),
}
"""Tests of which AWS has another word now: what it says, and where that is written."""
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
            cases += map(without_outdated, map(without_positions, found))
    return cases


def without_positions(case: Case) -> Case:
    """The suite leaves out where AWS's Java parser was when it refused a pattern, and so do we. It
    leaves out much more for LocalStack, which counts here."""
    return replace(case, verdict=Verdict.PASSED) if _POSITION.search(case.why) else case


def without_outdated(case: Case) -> Case:
    """A test does not apply if all that differs is what even AWS could not answer a second time:
    the end of a name that it or the test makes anew, what a fixture (`capture_update_process`) gave
    or told otherwise when it was recorded, and what AWS has added or left out since."""
    if case.verdict is not Verdict.FAILED:
        return case
    sign, why = _OTHERWISE.get(case.name.rpartition("::")[2], ("", ""))
    if sign and re.search(sign, case.why) and len(case.differences) < 2:
        return replace(case, verdict=Verdict.NOT_APPLICABLE, why=why)
    if not case.differences:
        return case
    whole = any(
        key == _EVENTS and "EventId" in where + was for key, where, was, _ in case.differences
    )
    left = [each for each in case.differences if not _is_outdated(each, whole)]
    if not _is_order_of_details(left):
        return case
    return replace(case, verdict=Verdict.NOT_APPLICABLE, why="its recording cannot be repeated")


def _is_order_of_details(differences: Sequence[Sequence[str]]) -> bool:
    """AWS lists what a property's change is due to in another order with each call: two calls of
    the same recording differ in it."""
    was, now = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    for key, where, before, after in differences:
        found = _DETAIL.fullmatch(where)
        if found is None:
            return False
        was[key, found[1], found[2], before] += 1
        now[key, found[1], found[2], after] += 1
    return was == now


def _is_outdated(difference: Sequence[str], whole_events: bool) -> bool:
    key, where, was, now = difference
    if key == _EVENTS and whole_events:
        return True  # the fixture tells five members of each now
    if _OF_FIXTURE.match(key) and was == _ABSENT and "['Capabilities']" in where:
        return "CAPABILITY_" in now  # it gives them now
    if key.endswith("-prop-values") and where.endswith("['ResourceChange']['Replacement']"):
        return (was, now) == ("True", _ABSENT)  # of what is added, until May 2025
    member = _MEMBER.fullmatch(where)
    if was == _ABSENT and member is not None and member[1] in _ADDED:
        return True
    made, anew = _GENERATED.fullmatch(was), _GENERATED.fullmatch(now)
    return made is not None and anew is not None and made[1] == anew[1]


def _told(say: Callable[[str], None], service: str, done: str) -> None:
    say(f"{service} {done}")


def _service(test: str) -> str:
    return test.split("/")[3]
