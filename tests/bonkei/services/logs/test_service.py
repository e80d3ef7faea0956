"""CloudWatch Logs' operations, after the API reference."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bonkei.blueprint.logs.log_group import QueryDefinition
from bonkei.services.logs.errors import LogsError
from tests.bonkei.services.logs.conftest import NOW, Api


def texts(answer: dict[str, Any]) -> list[str]:
    return [event["message"] for event in answer["events"]]


def get(api: Api, **parameters: Any) -> dict[str, Any]:
    return api("GetLogEvents", logGroupName="group", logStreamName="stream", **parameters)


def search(api: Api, **parameters: Any) -> dict[str, Any]:
    return api("FilterLogEvents", logGroupName="group", **parameters)


def test_reads_the_newest_events_by_default(api: Api) -> None:
    api.put("stream", *((at, str(at)) for at in range(10)))
    assert texts(get(api, limit=3)) == ["7", "8", "9"]
    assert texts(get(api, limit=3, startFromHead=True)) == ["0", "1", "2"]


def test_tokens_lead_both_ways_and_repeat_at_the_end(api: Api) -> None:
    api.put("stream", *((0, str(at)) for at in range(10)))
    first = get(api, limit=4, startFromHead=True)
    second = get(api, limit=4, nextToken=first["nextForwardToken"])
    third = get(api, limit=4, nextToken=second["nextForwardToken"])
    assert [texts(first), texts(second), texts(third)] == [
        ["0", "1", "2", "3"],
        ["4", "5", "6", "7"],
        ["8", "9"],
    ]
    assert texts(get(api, limit=4, nextToken=third["nextBackwardToken"])) == ["4", "5", "6", "7"]
    end = get(api, nextToken=third["nextForwardToken"])
    assert not end["events"]
    assert end["nextForwardToken"] == third["nextForwardToken"], "the end of the stream"
    assert texts(get(api, limit=2, nextToken=end["nextBackwardToken"])) == ["8", "9"]
    api.put("stream", (1, "new"))
    assert texts(get(api, nextToken=end["nextForwardToken"])) == ["new"]


def test_saved_queries_are_those_of_the_definitions(api: Api) -> None:
    saved = (QueryDefinition("a", "id-1", "app/errors", "limit 1", ("group",)),)
    api.desk = replace(api.desk, query_definitions=lambda: saved)
    [found] = api("DescribeQueryDefinitions", queryDefinitionNamePrefix="app/")["queryDefinitions"]
    assert (found["name"], found["queryString"], found["logGroupNames"]) == (
        "app/errors",
        "limit 1",
        ["group"],
    )
    assert not api("DescribeQueryDefinitions", queryDefinitionNamePrefix="b")["queryDefinitions"]


def test_follows_a_stream_that_is_still_empty(api: Api) -> None:
    token = get(api)["nextForwardToken"]
    api.put("stream", (0, "first"))
    assert texts(get(api, nextToken=token)) == ["first"]


def test_an_answer_has_one_megabyte_at_most(api: Api) -> None:
    for at in range(3):
        api.put("stream", (at, "x" * 600_000))
    assert len(get(api, startFromHead=True)["events"]) == 1
    found = search(api)
    assert len(found["events"]) == 1
    assert len(search(api, nextToken=found["nextToken"])["events"]) == 1


def test_refuses_an_unknown_token(api: Api) -> None:
    for token in ("nonsense", "W10", "WyJmIiwgMV0"):
        with pytest.raises(LogsError, match="invalid") as caught:
            get(api, nextToken=token)
        assert caught.value.code == "InvalidParameterException"


def test_searches_all_streams_in_order_of_time(api: Api) -> None:
    api("CreateLogStream", logGroupName="group", logStreamName="other")
    api.put("stream", (0, "ERROR a"), (2, "INFO b"), (4, "ERROR c"))
    api.put("other", (1, "ERROR d"), (3, "ERROR e"))
    found = search(api, filterPattern="ERROR")
    assert texts(found) == ["ERROR a", "ERROR d", "ERROR e", "ERROR c"]
    assert "nextToken" not in found
    assert [event["logStreamName"] for event in found["events"]][:2] == ["stream", "other"]
    ids = [event["eventId"] for event in found["events"]]
    assert ids == sorted(set(ids))
    first = search(api, filterPattern="ERROR", limit=3)
    assert texts(search(api, filterPattern="ERROR", nextToken=first["nextToken"])) == ["ERROR c"]
    assert texts(search(api, logStreamNames=["other", "other"])) == ["ERROR d", "ERROR e"]
    between = {"startTime": NOW + 2, "endTime": NOW + 4}
    assert texts(search(api, **between)) == ["INFO b", "ERROR e", "ERROR c"], "none is later"
    assert texts(get(api, startFromHead=True, **between)) == ["INFO b"], "nor at the same time"
    with pytest.raises(LogsError, match="mutually exclusive"):
        search(api, logStreamNames=["other"], logStreamNamePrefix="o")


def test_searches_from_the_latest_event_and_its_token_goes_on_there(api: Api) -> None:
    names = ["stream", "strea", "other"]
    for name in names[1:]:
        api("CreateLogStream", logGroupName="group", logStreamName=name)
    for name in names:
        api.put(name, (0, f"{name} 0"), (7, f"{name} 7"), (7, f"{name} 7 again"))
    whole = texts(search(api))
    found = search(api, startFromHead=False, limit=2)
    seen = texts(found)
    while "nextToken" in found:
        found = search(api, limit=2, nextToken=found["nextToken"])
        seen += texts(found)
    assert seen == whole[::-1]


def test_a_search_without_a_match_continues_by_its_token(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ "Partial results": a page may be empty and still have a token."""
    monkeypatch.setattr("bonkei.services.logs.api.events.LOOKED_AT", 4)
    api.put("stream", *((at, f"INFO {at}") for at in range(9)), (9, "ERROR"))
    found, pages = search(api, filterPattern="ERROR"), 1
    while "nextToken" in found:
        assert not found["events"]
        found, pages = search(api, filterPattern="ERROR", nextToken=found["nextToken"]), pages + 1
    assert (texts(found), pages) == (["ERROR"], 3)


def test_reports_the_rejected_events(api: Api) -> None:
    answer = api.put("stream", (-1, "x"), (3 * 3_600_000, "later"))
    assert answer["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    assert texts(get(api)) == ["x"]


def test_a_resource_policy_is_described_as_aws_writes_it(api: Api) -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": ["route53.amazonaws.com"]}}
    document = json.dumps({"Statement": [statement]})
    put = api("PutResourcePolicy", policyName="p", policyDocument=document)["resourcePolicy"]
    assert (put["policyScope"], put["policyDocument"]) == ("ACCOUNT", document)
    [shown] = api("DescribeResourcePolicies")["resourcePolicies"]
    assert shown["policyScope"] == "ACCOUNT"
    assert json.loads(shown["policyDocument"]) == {
        "Version": "2008-10-17",
        "Statement": [statement | {"Principal": {"Service": "route53.amazonaws.com"}}],
    }
    api("PutResourcePolicy", policyName="p", policyDocument="not JSON")
    assert api("DescribeResourcePolicies")["resourcePolicies"][0]["policyDocument"] == "not JSON"
    with pytest.raises(LogsError) as caught:
        api("DeleteResourcePolicy", policyName="none")
    assert caught.value.message == "Policy with name [none] does not exist."


def test_a_group_has_one_name_and_is_found_by_one(api: Api) -> None:
    """The words were recorded on AWS."""
    with pytest.raises(LogsError) as caught:
        api("DescribeLogStreams", logGroupName="group", logGroupIdentifier="group")
    assert caught.value.code == "ValidationException"
    exclusive = "are mutually exclusive parameters."
    assert caught.value.message == f"LogGroup name and LogGroup ARN {exclusive}"
    with pytest.raises(LogsError) as caught:
        api("DescribeLogGroups", logGroupNamePrefix="a", logGroupNamePattern="b")
    assert caught.value.message == f"LogGroup name prefix and LogGroup name pattern {exclusive}"


def test_describes_groups(api: Api) -> None:
    api("CreateLogGroup", logGroupName="/aws/b", kmsKeyId="arn:key", tags={"a": "1"})
    api("PutRetentionPolicy", logGroupName="/aws/b", retentionInDays=30)
    [group] = api("DescribeLogGroups", logGroupNamePrefix="/aws")["logGroups"]
    assert (group["retentionInDays"], group["kmsKeyId"]) == (30, "arn:key")
    assert group["arn"] == "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/b:*"
    assert group["logGroupArn"] == "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/b"
    first = api("DescribeLogGroups", limit=1)
    second = api("DescribeLogGroups", limit=1, nextToken=first["nextToken"])
    assert [each["logGroups"][0]["logGroupName"] for each in (first, second)] == ["/aws/b", "group"]
    assert "nextToken" not in second
    api("DeleteRetentionPolicy", logGroupName="/aws/b")
    [group] = api("DescribeLogGroups", logGroupNamePattern="aws/b")["logGroups"]
    assert "retentionInDays" not in group
    assert not api("DescribeLogGroups", logGroupNamePattern="AWS")["logGroups"]
    with pytest.raises(LogsError, match="Value '51' at 'limit'"):
        api("DescribeLogGroups", limit=51)


def test_describes_streams(api: Api) -> None:
    for name in ("b", "a"):
        api("CreateLogStream", logGroupName="group", logStreamName=name)
    api.put("b", (5, "x"), (7, "y"))
    api.put("a", (9, "z"))

    def names(**parameters: Any) -> list[str]:
        found = api("DescribeLogStreams", logGroupName="group", **parameters)
        return [stream["logStreamName"] for stream in found["logStreams"]]

    assert names() == ["a", "b", "stream"]
    assert names(orderBy="LastEventTime", descending=True) == ["a", "b", "stream"]
    assert names(logStreamNamePrefix="s") == ["stream"]
    first = api("DescribeLogStreams", logGroupName="group", limit=2)
    assert names(limit=2, nextToken=first["nextToken"]) == ["stream"]
    for name in ("a 2", "z"):  # started between two pages
        api("CreateLogStream", logGroupName="group", logStreamName=name)
    assert names(limit=2, nextToken=first["nextToken"]) == ["stream", "z"]
    last = api("DescribeLogStreams", logGroupName="group", limit=2, descending=True)
    api("DeleteLogStream", logGroupName="group", logStreamName="z")
    assert names(descending=True, nextToken=last["nextToken"]) == ["b", "a 2", "a"]
    newest = {"orderBy": "LastEventTime", "descending": True}
    first_of_time = api("DescribeLogStreams", logGroupName="group", limit=1, **newest)
    assert names(limit=2, nextToken=first_of_time["nextToken"], **newest) == ["b", "stream"]
    described = first["logStreams"][1]
    assert described["firstEventTimestamp"] == NOW + 5
    assert described["lastEventTimestamp"] == NOW + 7
    assert described["lastIngestionTime"] == NOW
    with pytest.raises(LogsError, match="Cannot order by LastEventTime"):
        names(orderBy="LastEventTime", logStreamNamePrefix="s")


def test_accepts_a_groups_arn_as_its_name(api: Api) -> None:
    api.put("stream", (0, "x"))
    arn = "arn:aws:logs:eu-west-1:123456789012:log-group:group"
    for identifier in (arn, f"{arn}:*", "group"):
        found = api("GetLogEvents", logGroupIdentifier=identifier, logStreamName="stream")
        assert texts(found) == ["x"]
    api("TagResource", resourceArn=arn, tags={"a": "1", "b": "2"})
    api("UntagResource", resourceArn=arn, tagKeys=["a"])
    assert api("ListTagsForResource", resourceArn=arn) == {"tags": {"b": "2"}}


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("CreateLogGroup", {"logGroupName": "no spaces"}, "InvalidParameterException"),
        ("CreateLogGroup", {"logGroupName": "group"}, "ResourceAlreadyExistsException"),
        ("DeleteLogGroup", {"logGroupName": "none"}, "ResourceNotFoundException"),
        (
            "CreateLogStream",
            {"logGroupName": "group", "logStreamName": "a:b"},
            "InvalidParameterException",
        ),
        (
            "PutRetentionPolicy",
            {"logGroupName": "group", "retentionInDays": 2},
            "InvalidParameterException",
        ),
        ("DescribeLogStreams", {}, "InvalidParameterException"),
        (
            "PutSubscriptionFilter",
            {
                "logGroupName": "group",
                "filterName": "f",
                "filterPattern": "",
                "destinationArn": "arn:aws:kinesis:eu-west-1:123456789012:stream/s",
            },
            "InvalidParameterException",
        ),
        (
            "DeleteSubscriptionFilter",
            {"logGroupName": "group", "filterName": "f"},
            "ResourceNotFoundException",
        ),
        ("DeleteResourcePolicy", {"policyName": "p"}, "ResourceNotFoundException"),
    ],
)
def test_refuses(api: Api, operation: str, parameters: dict[str, Any], code: str) -> None:
    with pytest.raises(LogsError) as caught:
        api(operation, **parameters)
    assert caught.value.code == code


def test_a_protected_group_is_not_deleted(api: Api) -> None:
    api("PutLogGroupDeletionProtection", logGroupIdentifier="group", deletionProtectionEnabled=True)
    with pytest.raises(LogsError, match="deletion protection"):
        api("DeleteLogGroup", logGroupName="group")


def test_a_group_has_two_subscription_filters_at_most(api: Api) -> None:
    function = "arn:aws:lambda:eu-west-1:123456789012:function:f"
    for name in ("one", "two"):
        api(
            "PutSubscriptionFilter",
            logGroupName="group", filterName=name, filterPattern="x", destinationArn=function,
        )  # fmt: skip
    with pytest.raises(LogsError, match="limit"):
        api(
            "PutSubscriptionFilter",
            logGroupName="group", filterName="three", filterPattern="", destinationArn=function,
        )  # fmt: skip
    found = api("DescribeSubscriptionFilters", logGroupName="group", filterNamePrefix="o")
    [described] = found["subscriptionFilters"]
    assert described["filterPattern"] == "x"
    api("DeleteSubscriptionFilter", logGroupName="group", filterName="one")
    assert len(api("DescribeSubscriptionFilters", logGroupName="group")["subscriptionFilters"]) == 1


def test_keeps_resource_policies(api: Api) -> None:
    api("PutResourcePolicy", policyName="p", policyDocument="{}")
    [policy] = api("DescribeResourcePolicies")["resourcePolicies"]
    assert policy == {
        "policyName": "p",
        "policyDocument": "{}",
        "policyScope": "ACCOUNT",
        "lastUpdatedTime": NOW,
    }
    api("DeleteResourcePolicy", policyName="p")
    assert api("DescribeResourcePolicies")["resourcePolicies"] == []
