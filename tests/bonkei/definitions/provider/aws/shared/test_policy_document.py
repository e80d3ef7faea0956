"""aws_iam_policy_document writes the same text as the AWS provider, character by character.

The examples come from the provider's documentation of the data source.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.definitions.provider.aws import DATA_SOURCES
from bonkei.definitions.provider.aws.shared.policy_document import PolicyDocumentError, render
from bonkei.definitions.provider.behaviour import Context, Refused


def document(*statements: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    return {"statement": list(statements), **arguments}


def minified(*statements: dict[str, Any], **arguments: Any) -> str:
    return render(document(*statements, **arguments))[1]


def test_an_empty_document_has_only_a_version() -> None:
    pretty, small, _ = render({})
    assert pretty == '{\n  "Version": "2012-10-17"\n}'
    assert small == '{"Version":"2012-10-17"}'


def test_the_documented_basic_example() -> None:
    """ "Basic Example": a single value is a string, several are sorted in reverse."""
    pretty = render(
        document(
            {
                "sid": "1",
                "actions": ["s3:ListAllMyBuckets", "s3:GetBucketLocation"],
                "resources": ["arn:aws:s3:::*"],
            },
            {
                "actions": ["s3:ListBucket"],
                "resources": ["arn:aws:s3:::bucket"],
                "condition": [
                    {
                        "test": "StringLike",
                        "variable": "s3:prefix",
                        "values": ["", "home/", "home/&{aws:username}/"],
                    }
                ],
            },
        )
    )[0]
    assert (
        pretty
        == """\
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "1",
      "Effect": "Allow",
      "Action": [
        "s3:ListAllMyBuckets",
        "s3:GetBucketLocation"
      ],
      "Resource": "arn:aws:s3:::*"
    },
    {
      "Effect": "Allow",
      "Action": "s3:ListBucket",
      "Resource": "arn:aws:s3:::bucket",
      "Condition": {
        "StringLike": {
          "s3:prefix": [
            "",
            "home/",
            "home/${aws:username}/"
          ]
        }
      }
    }
  ]
}"""
    )


def test_the_documented_example_of_several_principals() -> None:
    """ "Example Assume-Role Policy with Multiple Principals": sorted by type."""
    text = minified(
        {
            "actions": ["sts:AssumeRole"],
            "principals": [
                {"type": "Service", "identifiers": ["firehose.amazonaws.com"]},
                {"type": "AWS", "identifiers": ["arn:aws:iam::123456789012:root"]},
            ],
        }
    )
    assert text == (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
        '"Principal":{"AWS":"arn:aws:iam::123456789012:root",'
        '"Service":"firehose.amazonaws.com"}}]}'
    )


@pytest.mark.parametrize(
    ("kind", "identifiers", "written"),
    [
        ("*", ["*"], '"*"'),
        ("AWS", ["*"], '{"AWS":"*"}'),
        ("AWS", ["a", "b"], '{"AWS":["b","a"]}'),
    ],
)
def test_only_the_type_star_is_written_as_a_star(
    kind: str, identifiers: list[str], written: str
) -> None:
    text = minified(
        {"actions": ["s3:*"], "principals": [{"type": kind, "identifiers": identifiers}]}
    )
    assert f'"Principal":{written}' in text


def test_negations_have_their_own_keys_in_iams_order() -> None:
    text = minified(
        {
            "effect": "Deny",
            "not_actions": ["iam:*"],
            "not_resources": ["arn:aws:s3:::b"],
            "not_principals": [{"type": "AWS", "identifiers": ["123456789012"]}],
        },
        policy_id="own",
    )
    assert text == (
        '{"Version":"2012-10-17","Id":"own","Statement":[{"Effect":"Deny","NotAction":"iam:*",'
        '"NotResource":"arn:aws:s3:::b","NotPrincipal":{"AWS":"123456789012"}}]}'
    )


def test_conditions_are_sorted_and_values_of_one_variable_joined() -> None:
    conditions = [
        {"test": "StringEquals", "variable": "b", "values": ["2"]},
        {"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]},
        {"test": "StringEquals", "variable": "b", "values": ["1"]},
        {"test": "StringEquals", "variable": "a", "values": ["0"]},
    ]
    [statement] = json.loads(minified({"actions": ["a:b"], "condition": conditions}))["Statement"]
    assert list(statement["Condition"]) == ["Bool", "StringEquals"]
    assert statement["Condition"]["StringEquals"] == {"a": "0", "b": ["2", "1"]}


def test_characters_that_could_end_a_script_are_escaped_as_in_go() -> None:
    text = minified({"actions": ["a:b"], "resources": ["<&>"]})
    assert r"\u003c\u0026\u003e" in text


def test_sources_come_first_and_the_documents_statements_replace_by_sid() -> None:
    source = minified(
        {"sid": "Same", "actions": ["s3:Old"], "resources": ["*"]},
        {"sid": "Other", "actions": ["s3:Kept"], "resources": ["*"]},
    )
    text = minified(
        {"sid": "Same", "actions": ["s3:New"], "resources": ["*"]},
        {"actions": ["s3:More"], "resources": ["*"]},
        source_policy_documents=[source],
    )
    actions = [statement["Action"] for statement in json.loads(text)["Statement"]]
    assert actions == ["s3:New", "s3:Kept", "s3:More"]


def test_overrides_replace_by_sid_and_are_added_without_one() -> None:
    """ "Example of Merging Override Documents"."""
    overrides = [
        minified({"sid": "Own", "actions": ["ec2:*"], "resources": ["*"]}),
        minified({"actions": ["s3:*"], "resources": ["*"]}),
    ]
    text = minified(
        {"sid": "Own", "actions": ["s3:Get"], "resources": ["arn:aws:s3:::x"]},
        override_policy_documents=overrides,
    )
    actions = [statement["Action"] for statement in json.loads(text)["Statement"]]
    assert actions == ["ec2:*", "s3:*"]


def test_the_higher_version_and_the_last_id_win() -> None:
    old = '{"Version":"2008-10-17","Id":"old","Statement":[]}'
    assert json.loads(minified(source_policy_documents=[old])) == {
        "Version": "2012-10-17",
        "Id": "old",
    }


def test_a_merged_document_keeps_its_lists_of_actions() -> None:
    source = '{"Statement":[{"Effect":"Allow","Action":["b:x","c:y","a:z"],"Resource":"*"}]}'
    [statement] = json.loads(minified(source_policy_documents=[source]))["Statement"]
    assert statement["Action"] == ["b:x", "c:y", "a:z"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (document({"sid": "A"}, {"sid": "A"}), "duplicate Sid"),
        (
            document(source_policy_documents=['{"Statement":[{"Sid":"A"},{"Sid":"A"}]}']),
            "duplicate Sid",
        ),
        (document(source_policy_documents=["{"]), "not valid JSON"),
        (document(override_policy_documents=['{"Statement":{"Effect":"Allow"}}']), "list"),
        (document({"resources": ["&{x}"]}, version="2008-10-17"), "no policy variables"),
    ],
)
def test_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyDocumentError, match=message):
        render(config)
    with pytest.raises(Refused, match=message):
        DATA_SOURCES["aws_iam_policy_document"].read(config, Context())


@pytest.mark.parametrize(
    ("statement", "path", "said"),
    [
        ({"actions": None}, (), '"actions", "not_actions"'),
        ({"actions": []}, (), '"actions", "not_actions"'),
        ({"not_actions": ["s3:*"]}, ("not_actions",), "exclude each other"),
        ({"effect": "allow"}, ("effect",), "Allow"),
        (
            {"principals": [{"type": "Services", "identifiers": ["ecs.amazonaws.com"]}]},
            ("principals", 0, "type"),
            "Service, Federated",
        ),
        (
            {"condition": [{"test": "StringEqual", "variable": "x", "values": ["y"]}]},
            ("condition", 0, "test"),
            '"StringEqual" is not a condition operator',
        ),
    ],
)
def test_a_document_that_iam_would_refuse_is_reported_with_its_place(
    statement: dict[str, Any], path: tuple[str | int, ...], said: str
) -> None:
    validate = DATA_SOURCES["aws_iam_policy_document"].validate
    good = {"actions": ["s3:GetObject"], "resources": ["*"]}
    assert validate(document(good)) == []
    (problem,) = validate(document(good, {**good, **statement}))
    assert problem.path == ("statement", 1, *path)
    assert said in problem.detail


WORDS = st.text("abcz:*&{}<>/", min_size=1, max_size=8)


@given(st.lists(WORDS, min_size=1, max_size=6, unique=True), st.randoms())
def test_the_order_of_a_set_does_not_matter(actions: list[str], order: Any) -> None:
    shuffled = list(actions)
    order.shuffle(shuffled)
    assert minified({"actions": actions}) == minified({"actions": shuffled})


@given(st.lists(WORDS, min_size=1, max_size=6, unique=True))
def test_a_document_merged_alone_is_unchanged(resources: list[str]) -> None:
    text = minified({"actions": ["a:b"], "not_resources": resources})
    assert minified(source_policy_documents=[text]) == text
