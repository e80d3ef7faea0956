"""How the answers of others' suites are read. The suites themselves run with `make suites`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from suites import (
    cache_tests,
    event_ruler,
    iam_simulate,
    localstack,
    moto,
    provider_examples,
    pytests,
)
from suites import templates as cloudformation
from suites.counts import Case, Counts, Outcome, Verdict, counted, failures
from suites.page import page

ROOT = Path(__file__).parents[2]
PASSED, FAILED, NOT_APPLICABLE = Verdict
UNSERVED = "An error occurred (InvalidAction): The miniature does not answer iam:CreateRole."


@pytest.mark.parametrize(
    ("test", "verdict"),
    [
        ({"setup": "passed", "call": "passed", "teardown": "passed"}, PASSED),
        ({"setup": "passed", "call": "failed", "teardown": "passed"}, FAILED),
        ({"setup": "passed", "call": "passed", "teardown": "failed"}, FAILED),
        ({"setup": "skipped", "teardown": "passed"}, NOT_APPLICABLE),
        # It may be caught, and be the cause of a failure all the same.
        ({"call": "failed", "errors": [("iam", "CreateRole", UNSERVED)]}, NOT_APPLICABLE),
        ({"call": "passed", "errors": [("iam", "CreateRole", UNSERVED)]}, PASSED),
        ({"call": "failed", "errors": [("sqs", "SendMessage", "(NoSuchQueue)")]}, FAILED),
        ({"call": "failed", "why": "E   TypeError: a() got an unexpected keyword argument 'b'"},
         NOT_APPLICABLE),
        ({"setup": "failed", "why": "fixture 'b' not found ... use 'pytest --fixtures [testpath]' "
                                    "for help on them."}, NOT_APPLICABLE),
        # A fixture of several tests made the call for the first of them.
        ({"setup": "failed", "why": f"E   ClientError: {UNSERVED}"}, NOT_APPLICABLE),
    ],
)  # fmt: skip
def test_the_verdict_of_a_line_of_pytests_record(test: dict[str, Any], verdict: Verdict) -> None:
    line = json.dumps({"id": "tests/test_sts/x.py::test_a", "errors": [], **test})
    (case,) = pytests.read([line], moto.service)
    assert (case.part, case.verdict) == ("sts", verdict)


def test_where_aws_read_a_pattern_does_not_count_but_other_words_do() -> None:
    raw = "<root['exception_message']['Error']['MessageRaw'] {'diff': ...}>"
    other = "<root['exception_message']['Error']['Message'] t1:'a', t2:'b'>"
    for differences, verdict in ((raw, PASSED), (f"{other}, {raw}", FAILED), (other, FAILED)):
        why = f"content_EXC: {{'values_changed': [{differences}]}}"
        assert localstack.without_positions(Case("events", "a", FAILED, why)).verdict is verdict


ABSENT = "not present"


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ([("a", "root['Id']", "CFN-A-abcdefghijkl", "CFN-A-ABCDEF012345")], NOT_APPLICABLE),
        ([("a", "root['Id']", "CFN-A-abcdefghijkl", "CFN-B-ABCDEF012345")], FAILED),
        ([("a", "root['Id']", "CFN-A-abcdefghijkl", "one")], FAILED),
        (
            [("delete-describe", "root['Capabilities']", ABSENT, "['CAPABILITY_IAM']")],
            NOT_APPLICABLE,
        ),
        ([("delete-describe", "root['Capabilities']", "['CAPABILITY_IAM']", ABSENT)], FAILED),
        ([("describe_stack", "root['Capabilities']", ABSENT, "['CAPABILITY_IAM']")], FAILED),
        (
            [
                ("per-resource-events", "root['A'][0]['EventId']", "x", ABSENT),
                ("per-resource-events", "root['Stack']", ABSENT, "[]"),
            ],
            NOT_APPLICABLE,
        ),
        ([("per-resource-events", "root['Stack']", ABSENT, "[]")], FAILED),
        ([("a", "root['Stacks'][0]['LastOperations']", ABSENT, "[1]")], NOT_APPLICABLE),
        ([("a", "root['Stacks'][0]['LastOperations']", "[1]", ABSENT)], FAILED),
        ([("a", "root['Stacks'][0]['Other']", ABSENT, "[1]")], FAILED),
        (
            [
                ("per-resource-events", "root['A'][0]['EventId']", "x", ABSENT),
                ("post-create-1-describe", "root['StackStatus']", "a", "b"),
            ],
            FAILED,
        ),
        (
            [
                ("a", "root['Changes'][0]['Details'][0]['Evaluation']", "Static", "Dynamic"),
                ("a", "root['Changes'][0]['Details'][1]['Evaluation']", "Dynamic", "Static"),
            ],
            NOT_APPLICABLE,
        ),
        (
            [
                ("a", "root['Changes'][0]['Details'][0]['Evaluation']", "Static", "Dynamic"),
                ("a", "root['Changes'][0]['Details'][1]['Evaluation']", "Static", "Static"),
            ],
            FAILED,
        ),
        ([], FAILED),
    ],
)
def test_a_recording_that_cannot_be_repeated_does_not_apply(
    differences: list[tuple[str, ...]], verdict: Verdict
) -> None:
    case = Case("cloudformation", "a", FAILED, "why", tuple(differences))
    assert localstack.without_outdated(case).verdict is verdict


ACL = "(InvalidBucketAclWithObjectOwnership) when calling the CreateBucket operation: no"
ADDED = "template-summary: {'iterable_item_added': [<root['Parameters'][0] t1: 1>%s]}"


@pytest.mark.parametrize(
    ("test", "why", "verdict"),
    [
        ("test_nested_output_in_params", ACL, NOT_APPLICABLE),
        ("test_nested_output_in_params", "(NoSuchBucket) when calling the CreateBucket", FAILED),
        ("test_another", ACL, FAILED),
        ("test_get_template_summary", ADDED % "", NOT_APPLICABLE),
        ("test_get_template_summary", ADDED % ", <root['ResourceTypes'][0] t1:1>", FAILED),
    ],
)
def test_what_aws_answers_otherwise_now_is_known_by_its_words(
    test: str, why: str, verdict: Verdict
) -> None:
    case = Case("cloudformation", f"tests/a.py::{test}", FAILED, why)
    assert localstack.without_outdated(case).verdict is verdict


def test_the_counts_are_by_part_and_the_page_keeps_what_did_not_run() -> None:
    cases = [
        Case("sqs", "a", PASSED),
        Case("logs", "b", FAILED, "why"),
        Case("sqs", "c", NOT_APPLICABLE, "x"),
    ]
    assert counted(cases) == (Counts("logs", 0, 1, 0), Counts("sqs", 1, 0, 1))
    assert failures(cases) == {"b": "why"}
    first = page(
        [
            Outcome("one", "abc", "2026-01-01", 1, counted(cases)),
            Outcome("two", "def", "2026-01-01", 1, (Counts("all", 1_000, 0, 0),)),
        ]
    )
    noted = first + "A note.\n\n| its | table |\n|---|---|\n"
    second = page([Outcome("two", "fed", "2026-02-02", 1, (Counts("all", 7, 0, 0),))], noted)
    assert "| one abc 2026-01-01 | sqs | 1 | 0 | 1 |\n| two fed 2026-02-02 | all | 7" in second
    assert "1,000" in first
    assert "1,000" not in second
    assert second.endswith("| 7 | 0 | 0 |\n\nA note.\n\n| its | table |\n|---|---|\n")


def test_the_tests_of_moto_that_pass_on_aws() -> None:
    source = """
@pytest.mark.aws_verified
@s3_aws_verified
def test_one(): ...

@mock_aws
def test_two(): ...

class TestThree:
    @sqs_aws_verified()
    def test_four(self): ...
"""
    assert list(moto.verified(source)) == ["test_one", "TestThree::test_four"]


@pytest.mark.parametrize(
    ("sign", "kind", "verdict"),
    [
        ("✅", "required", PASSED),
        ("⛔️", "required", FAILED),
        ("⚠️", "optimal", NOT_APPLICABLE),
        ("🔹", "required", NOT_APPLICABLE),
        ("Y", "check", NOT_APPLICABLE),
    ],
)
def test_the_verdict_of_a_cache_test(sign: str, kind: str, verdict: Verdict) -> None:
    (case,) = cache_tests.read([{"suite": "age", "id": "age-1", "kind": kind, "sign": sign}])
    assert case.verdict is verdict


def test_generated_pairs_are_the_same_each_time_and_judged_by_the_engines_word() -> None:
    assert list(event_ruler.pairs(50)) == list(event_ruler.pairs(50))
    assert event_ruler.judged('{"a": [1]}', '{"a": 1}', "true").verdict is PASSED
    assert event_ruler.judged('{"a": [1]}', '{"a": 2}', "true").verdict is FAILED
    assert event_ruler.judged('{"a": 1}', '{"a": 1}', "refused").verdict is PASSED


def _decided(effect: str, expected: str, **more: Any) -> Verdict:
    statement = {"Effect": effect, "Action": "s3:GetObject", "Resource": "*"}
    case = {
        "request": {
            "principal": "arn:aws:iam::123456789012:user/a",
            "action": "s3:GetObject",
            "resource": {"resource": "arn:aws:s3:::b/k", "accountId": "123456789012"},
        },
        "identityPolicies": [{"name": "p", "policy": {"Statement": statement}}],
        "expected": {"response": expected},
        **more,
    }
    return iam_simulate.judged("case", case).verdict


def test_a_case_of_iam_simulate_is_decided() -> None:
    assert _decided("Allow", "Allowed") is PASSED
    assert _decided("Deny", "ExplicitlyDenied") is PASSED
    assert _decided("Deny", "Allowed") is FAILED
    assert _decided("Allow", "Allowed", serviceControlPolicies=[{}]) is NOT_APPLICABLE


def test_a_role_of_iam_simulate_is_a_session_and_a_key_has_a_policy() -> None:
    role, account = "arn:aws:iam::123456789012:role/a", {"accountId": "123456789012"}
    own = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": {"AWS": role}}
    boundary = {"Statement": {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}}
    asked = {
        "principal": role,
        "action": "s3:GetObject",
        "resource": {**account, "resource": "arn:aws:s3:::b/k"},
    }
    more = {"resourcePolicy": {"Statement": own}, "permissionBoundaries": [boundary]}
    assert _decided("Allow", "Denied", request=asked, **more) is PASSED
    key = {**account, "resource": "arn:aws:kms:us-east-1:123456789012:key/1"}
    asked |= {"action": "kms:Decrypt", "resource": key}
    every = [{"policy": {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}]
    assert _decided("Allow", "Denied", request=asked, identityPolicies=every) is PASSED


def test_the_verdict_of_a_stack() -> None:
    unserved = "The miniature does not serve the resource type AWS::EC2::VPC of It"
    assert cloudformation.judged("t", "CREATE_COMPLETE", "").verdict is PASSED
    assert cloudformation.judged("t", "", unserved).verdict is NOT_APPLICABLE
    assert cloudformation.judged("t", "CREATE_FAILED", "it is wrong").verdict is FAILED
    null = "Template format error: 'null' values are not allowed in templates"
    assert cloudformation.judged("t", "", null).verdict is NOT_APPLICABLE


def test_an_example_is_completed_and_judged() -> None:
    block = 'resource "aws_lb" "this" {\n  subnets = [aws_subnet.a_b.id, var.other]\n}\n'
    whole = provider_examples.completed(block)
    assert 'resource "aws_subnet" "a_b" {' in whole
    assert 'variable "other" {' in whole
    assert 'provider "aws" {' in whole
    short = 'resource "aws_lb" "this" {\n  # ... other configuration ...\n}\n'

    def judge(name: str, of: str, *summaries: str, plan: int | None = None) -> Verdict:
        said = [{"severity": "error", "summary": each, "detail": "d"} for each in summaries]
        planned = None if plan is None else (plan, "no")
        return provider_examples.verdict(name, of, {"diagnostics": said}, planned)[0]

    assert judge("aws_lb 0", block, "Reference to undeclared resource") is NOT_APPLICABLE
    assert judge("aws_lb 0", block, "Reference to undeclared resource", "Invalid value") is FAILED
    assert judge("aws_lb 0", block, "Missing argument") is FAILED
    assert judge("aws_lb 0", short, "Missing argument") is NOT_APPLICABLE
    assert judge("aws_route 0", block, "Invalid value") is NOT_APPLICABLE  # by the provider, too
    assert judge("aws_lb 0", block, plan=1) is FAILED
    assert judge("aws_lb 0", block, plan=0) is PASSED


def test_a_suite_that_is_not_there_is_named_and_the_others_run(tmp_path: Path) -> None:
    cases = tmp_path / "iam-simulate" / "src" / "core_engine" / "coreEngineTests"
    cases.mkdir(parents=True)
    (cases / "some.json").write_text("[]")
    (tmp_path / "event-ruler").mkdir()  # not compiled
    done = subprocess.run(
        [sys.executable, "-m", "suites", str(tmp_path), "--json", "--only", "iam-simulate",
         "--only", "moto", "--only", "event-ruler"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert [each["suite"] for each in json.loads(done.stdout)] == ["iam-simulate"]
    assert "moto is not there; it needs a clone of getmoto/moto" in done.stderr
    assert "event-ruler did not run: it needs" in done.stderr
    assert done.returncode == 1
