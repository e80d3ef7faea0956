"""A service gets and returns values. Real clients speak the protocols."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bonkei.base.aws_service import AwsCall, AwsServiceError
from bonkei.services.endpoint.errors import ApiError, Protocol, render
from bonkei.services.endpoint.wire.model import find_model, load_model
from bonkei.services.endpoint.wire.writing import write, write_error
from scripts.extract_service_models import SERVICES
from tests.bonkei.services.endpoint.places import Place, serving

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Echo:
    """Keeps the input, and returns a prepared answer."""

    def __init__(self, *operations: str) -> None:
        self.operations = frozenset(operations)
        self.answers: Mapping[str, Any] | Exception = {}
        self.asked: list[AwsCall] = []

    async def answer(self, call: AwsCall) -> Mapping[str, Any]:
        self.asked.append(call)
        if isinstance(self.answers, Exception):
            raise self.answers
        return self.answers


OWN = {
    "logs": ("PutLogEvents", "DescribeLogGroups", "FilterLogEvents"),
    "cloudwatch": ("PutMetricData", "DescribeAlarms", "SetAlarmState"),
    "lambda": ("Invoke", "GetFunction", "ListFunctions", "TagResource", "ListTags"),
    "elbv2": ("DescribeLoadBalancers", "DescribeTags"),
    "rds": ("DescribeDBClusters", "ListTagsForResource"),
    "codebuild": ("StartBuild",),
    "scheduler": ("GetSchedule",),
    "iam": ("GetRole",),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    own = {name: Echo(*operations) for name, operations in OWN.items()}
    with serving(own, tmp_path_factory.mktemp("calls")) as place:
        yield place


def echo(place: Place, service: str) -> Echo:
    found = place.own[service]
    assert isinstance(found, Echo)
    return found


def client_of(place: Place, service: str, **answers: Any) -> Any:
    echo(place, service).answers = answers
    return place.client(service)


def asked(place: Place, service: str) -> dict[str, Any]:
    return dict(echo(place, service).asked[-1].parameters)


def refusal(call: Any, **parameters: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response
    status = error["ResponseMetadata"]["HTTPStatusCode"]
    return error["Error"]["Code"], status, error["Error"]["Message"]


_READ_AND_WRITTEN = {
    "uri": {"string", "long"},
    "querystring": {"string", "integer", "boolean", "timestamp", "list"},
    "header": {"string"},
    "statusCode": {"integer"},
}


@pytest.mark.parametrize("name", SERVICES)
def test_a_model_asks_for_no_form_that_is_not_known(name: str) -> None:
    """Flat lists, times in other formats, and other values in headers and queries: no model here
    has them, so nothing reads or writes them."""
    shapes = load_model(name).document["shapes"]
    for shape in shapes.values():
        assert not {"flattened", "timestampFormat", "jsonvalue"} & shape.keys()
        for member in shape.get("members", {}).values():
            assert not {"timestampFormat", "jsonvalue"} & member.keys()
            if place := member.get("location"):
                assert shapes[member["shape"]]["type"] in _READ_AND_WRITTEN[place]


def test_every_model_is_complete() -> None:
    """Each operation's shapes exist, and the name in its signatures leads to the model."""
    for name in SERVICES:
        model = load_model(name)
        assert find_model(model.signed_as) is model
        for operation in model.operations:
            assert model.input(operation)["type"] == model.output(operation)["type"] == "structure"


@pytest.mark.parametrize("protocol", ["query", "json", "smithy-rpc-v2-cbor"])
def test_the_request_has_its_name_in_the_case_that_aws_has(protocol: Protocol) -> None:
    model, named = load_model("cloudwatch"), ("x-amzn-RequestId", "r")
    assert named in write(model, "DescribeAlarms", protocol, {}, "r").headers
    assert named in write_error(model, protocol, AwsServiceError("A", "b"), "r").headers
    assert named in render(ApiError("A", "b"), protocol, "r").headers


@pytest.mark.parametrize(
    ("protocol", "written"),
    [("json", b'"Timestamps":[1800000000.0]'), ("smithy-rpc-v2-cbor", b"Timestamps\x9f\xc1\xfbA")],
)
def test_a_moment_has_a_point(protocol: Protocol, written: bytes) -> None:
    result = {"Id": "a", "Timestamps": [1_800_000_000]}
    answer = write(
        load_model("cloudwatch"), "GetMetricData", protocol, {"MetricDataResults": [result]}, "r"
    )
    assert written in answer.body


def test_json(place: Place) -> None:
    events = [{"timestamp": 1, "message": "日本"}, {"timestamp": 2, "message": "\x00"}]
    logs = client_of(place, "logs", nextSequenceToken="t", rejectedLogEventsInfo=None)
    logs.meta.events.register(
        "before-sign.*",
        lambda request, **_: request.headers.add_header("X-Amzn-Trace-Id", "Root=1"),
    )
    answer = logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=events)
    assert asked(place, "logs")["logEvents"] == events
    assert (answer["nextSequenceToken"], "rejectedLogEventsInfo" in answer) == ("t", False)
    call = echo(place, "logs").asked[-1]
    assert (call.region, call.caller.arn[-11:]) == ("eu-west-1", "user/bonkei")
    assert call.request_id == answer["ResponseMetadata"]["RequestId"]
    assert call.trace == "Root=1"


@pytest.mark.parametrize("protocol", ["query", "json", "smithy-rpc-v2-cbor"])
def test_cloudwatch_in_the_protocol_that_its_client_prefers(
    place: Place, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    """boto3 uses JSON, older versions the query protocol, SDKs of other languages CBOR. The
    client compresses a large body.
    """
    monkeypatch.setattr("botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", (protocol,))
    cloudwatch = client_of(place, "cloudwatch")
    data = [
        {"MetricName": "m" * 200, "Value": n / 7, "Timestamp": WHEN, "Values": [1.0, n / 3]}
        for n in range(100)
    ]
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)
    assert asked(place, "cloudwatch") == {"Namespace": "Shop", "MetricData": data}
    alarm = {"AlarmName": "a&b", "Threshold": 0.5, "StateUpdatedTimestamp": WHEN}
    alarm = {**alarm, "EvaluationPeriods": 3, "ActionsEnabled": True, "Dimensions": []}
    answer = client_of(place, "cloudwatch", MetricAlarms=[alarm]).describe_alarms(
        AlarmNames=["a&b"]
    )
    assert answer["MetricAlarms"] == [alarm]
    assert asked(place, "cloudwatch") == {"AlarmNames": ["a&b"]}
    echo(place, "cloudwatch").answers = AwsServiceError("ResourceNotFound", "None.")
    state = {"AlarmName": "a", "StateValue": "OK", "StateReason": "r"}
    assert refusal(cloudwatch.set_alarm_state, **state) == ("ResourceNotFound", 404, "None.")
    code, status, _ = refusal(cloudwatch.set_alarm_state, **state | {"StateValue": "BROKEN"})
    assert (code, status) == ("ValidationError", 400)


def test_rest(place: Place) -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"
    function = client_of(
        place,
        "lambda",
        StatusCode=202,
        FunctionError="Unhandled",
        Payload=b'{"a":1}',
        LogResult="bG9n",
    )
    answer = function.invoke(
        FunctionName=arn, InvocationType="Event", Qualifier="live", Payload=b"\x00{}"
    )
    assert asked(place, "lambda") == {
        "FunctionName": arn, "InvocationType": "Event", "Qualifier": "live", "Payload": b"\x00{}",
    }  # fmt: skip
    assert (answer["StatusCode"], answer["FunctionError"]) == (202, "Unhandled")
    assert answer["Payload"].read() == b'{"a":1}'
    listed = client_of(place, "lambda", Functions=[{"FunctionName": "f", "Timeout": 3}])
    assert listed.list_functions(MaxItems=2)["Functions"] == [{"FunctionName": "f", "Timeout": 3}]
    assert asked(place, "lambda") == {"MaxItems": 2}
    client_of(place, "lambda").tag_resource(Resource=arn, Tags={"a": "b"})
    assert asked(place, "lambda") == {"Resource": arn, "Tags": {"a": "b"}}


def test_query(place: Place) -> None:
    balancers = [{"LoadBalancerName": "b\x0b", "CreatedTime": WHEN, "SecurityGroups": []}]
    elb = client_of(place, "elbv2", LoadBalancers=balancers, NextMarker=None)
    [found] = elb.describe_load_balancers(Names=["a", "b"], PageSize=10)["LoadBalancers"]
    assert found == {**balancers[0], "LoadBalancerName": "b\ufffd"}
    assert asked(place, "elbv2") == {"Names": ["a", "b"], "PageSize": 10}
    clusters = [{"DBClusterIdentifier": "c", "MultiAZ": True, "DBClusterMembers": [
        {"DBInstanceIdentifier": "i", "IsClusterWriter": False}]}]  # fmt: skip
    rds = client_of(place, "rds", DBClusters=clusters)
    filters = [{"Name": "engine", "Values": ["a", "b"]}]
    answer = rds.describe_db_clusters(Filters=filters, IncludeShared=False)
    assert answer["DBClusters"] == clusters
    assert asked(place, "rds") == {"Filters": filters, "IncludeShared": False}


@pytest.mark.parametrize(
    ("service", "call", "parameters", "code"),
    [
        ("logs", "put_log_events", {"logStreamName": "s", "logEvents": [{"timestamp": 1}]},
         "InvalidParameterException"),
        ("logs", "put_log_events", {"logGroupName": "?", "logStreamName": "s", "logEvents": []},
         "InvalidParameterException"),
        ("cloudwatch", "set_alarm_state",
         {"AlarmName": "a", "StateValue": "BROKEN", "StateReason": "r"}, "ValidationError"),
        ("elbv2", "describe_load_balancers", {"PageSize": 5_000}, "ValidationError"),
        ("lambda", "invoke", {"FunctionName": "a b"}, "ValidationException"),
        ("scheduler", "get_schedule", {"Name": "a b"}, "ValidationException"),
        ("codebuild", "start_build", {"projectName": ""}, "InvalidInputException"),
    ],
)  # fmt: skip
def test_input_that_a_model_forbids(
    place: Place, service: str, call: str, parameters: dict[str, Any], code: str
) -> None:
    before = len(echo(place, service).asked)
    found = refusal(getattr(client_of(place, service), call), **parameters)
    assert found[:2] == (code, 400)
    assert "validation error" in found[2]
    assert "failed to satisfy constraint: Member must" in found[2]
    assert len(echo(place, service).asked) == before


@pytest.mark.parametrize("protocol", ["query", "json", "smithy-rpc-v2-cbor"])
def test_a_value_of_no_enumeration_is_refused_as_by_aws(
    place: Place, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    monkeypatch.setattr("botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", (protocol,))
    with pytest.raises(ClientError) as caught:
        client_of(place, "cloudwatch").set_alarm_state(
            AlarmName="a", StateValue="BROKEN", StateReason="r"
        )
    error = dict(caught.value.response["Error"])
    assert error.pop("QueryErrorCode", "ValidationException") == "ValidationException"
    assert error.pop("Message").endswith("enum value set: [INSUFFICIENT_DATA, ALARM, OK]")
    assert error == {"Code": "ValidationError", "Type": "Sender"}
    echo(place, "cloudwatch").answers = AwsServiceError("ResourceNotFound", "")
    with pytest.raises(ClientError) as caught:
        place.client("cloudwatch").set_alarm_state(AlarmName="a", StateValue="OK", StateReason="r")
    assert not caught.value.response["Error"].get("Message")
    assert "message" not in caught.value.response


@pytest.mark.parametrize(
    ("call", "parameters", "message"),
    [
        ("put_log_events",
         {"logGroupName": "X" * 513, "logStreamName": "s",
          "logEvents": [{"timestamp": 1, "message": "m"}]},
         "Invalid LogGroup or LogStream, both must have length less than or equal to 512."),
        ("filter_log_events", {"logGroupIdentifier": "a:*"},
         ("1 validation error detected: Value at 'logGroupIdentifier' failed to satisfy "
          r"constraint: Member must satisfy regular expression pattern: [\w#+=/:,.@-]*")),
        ("describe_log_groups", {"logGroupNamePrefix": "X" * 513},
         (f"1 validation error detected: Value '{'X' * 513}' at 'logGroupNamePrefix' failed to "
         "satisfy constraint: Member must have length less than or equal to 512")),
    ],
)  # fmt: skip
def test_the_words_for_what_is_too_long(
    place: Place, call: str, parameters: dict[str, Any], message: str
) -> None:
    found = refusal(getattr(client_of(place, "logs"), call), **parameters)
    assert found == ("InvalidParameterException", 400, message)


@pytest.mark.parametrize(
    ("service", "call", "parameters", "error", "code", "status"),
    [
        ("logs", "describe_log_groups", {}, "ResourceNotFoundException", "", 400),
        ("lambda", "list_functions", {}, "ResourceNotFoundException", "", 404),
        ("cloudwatch", "set_alarm_state", {"AlarmName": "a", "StateValue": "OK",
                                           "StateReason": "r"}, "ResourceNotFound", "", 404),
        ("elbv2", "describe_load_balancers", {}, "LoadBalancerNotFoundException",
         "LoadBalancerNotFound", 400),
        ("rds", "describe_db_clusters", {}, "DBClusterNotFoundFault", "", 404),
        ("iam", "get_role", {"RoleName": "r"}, "NoSuchEntity", "", 404),
    ],
)  # fmt: skip
def test_errors_have_the_model_s_code_and_status(
    place: Place,
    service: str,
    call: str,
    parameters: dict[str, Any],
    error: str,
    code: str,
    status: int,
) -> None:
    client = client_of(place, service)
    echo(place, service).answers = AwsServiceError(error, "There is <none>.")
    assert refusal(getattr(client, call), **parameters) == (
        code or error, status, "There is <none>.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "mode", "status", "type_"),
    [
        ("BROKEN", "", 400, "com.amazon.coral.validate#ValidationException"),
        ("OK", "", 400, "com.amazonaws.cloudwatch.v2010_08_01#ResourceNotFound"),
        ("OK", "true", 404, "com.amazonaws.cloudwatch.v2010_08_01#ResourceNotFound"),
    ],
)
def test_the_bytes_of_errors(place: Place, state: str, mode: str, status: int, type_: str) -> None:
    """As AWS sends them; the SDKs take the rest away."""
    echo(place, "cloudwatch").answers = AwsServiceError("ResourceNotFound", "")
    alarm = {"AlarmName": "a", "StateValue": state, "StateReason": "r"}
    heads = {"x-amz-target": "GraniteServiceVersion20100801.SetAlarmState"}
    if mode:
        heads["x-amzn-query-mode"] = mode
    answer = place.send("monitoring", json.dumps(alarm).encode(), **heads)
    found = answer.json()
    assert (answer.status_code, found.pop("__type")) == (status, type_)
    assert set(found) == ({"message"} if state == "BROKEN" else set())


def test_an_error_of_the_query_protocol_has_its_namespace(place: Place) -> None:
    echo(place, "elbv2").answers = AwsServiceError("LoadBalancerNotFoundException", "None.")
    body = b"Action=DescribeLoadBalancers&Version=2015-12-01"
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = place.send("elasticloadbalancing", body, **form)
    space = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"
    wrong = place.send("elasticloadbalancing", body + b"&PageSize=0", **form)
    for said in (answer.text, wrong.text):
        assert f'<ErrorResponse xmlns="{space}"><Error>' in said
    assert "ValidationError" in wrong.text


@pytest.mark.parametrize(
    "body", [b"[", b"[]", b'{"limit": "x"}', b'{"limit": true}', b'{"logGroupNamePrefix": 1}',
             b"\xff\xfe", b"[" * 100_000],
    ids=["open", "list", "text", "truth", "number", "bytes", "deep"],
)  # fmt: skip
def test_unreadable_bodies(place: Place, body: bytes) -> None:
    target = {"x-amz-target": "Logs_20140328.DescribeLogGroups"}
    answer = place.send("logs", body, **target)
    assert (answer.status_code, answer.json()["__type"]) == (400, "SerializationException")


def test_an_unreadable_form(place: Place) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    for form in (b"PageSize=many", b"Names.member.x=1", b"Names.member.1.a=1", b"PageSize.a=1"):
        body = b"Action=DescribeLoadBalancers&Version=2015-12-01&" + form
        answer = place.send("elasticloadbalancing", body, **kind)
        assert (answer.status_code, "<Code>MalformedInput</Code>" in answer.text) == (400, True)


def test_a_compressed_body_that_expands(place: Place) -> None:
    import gzip

    body = gzip.compress(b" " * 40_000_000)
    headers = {"content-encoding": "gzip", "x-amz-target": "Logs_20140328.DescribeLogGroups"}
    assert place.send("logs", body, **headers).status_code == 413


def test_an_unanswered_operation_is_reported(place: Place) -> None:
    code, status, message = refusal(client_of(place, "logs").create_log_group, logGroupName="g")
    assert (code, status) == ("UnknownOperationException", 400)
    assert "logs:CreateLogGroup" in message
    message = refusal(client_of(place, "lambda").delete_function, FunctionName="f")[2]
    assert "lambda:DeleteFunction" in message
    kind = {"content-type": "application/x-www-form-urlencoded"}
    classic = b"Action=DescribeLoadBalancers&Version=2012-06-01"
    answer = place.send("elasticloadbalancing", classic, **kind)
    assert "DescribeLoadBalancers (2012-06-01)" in answer.text


@pytest.mark.parametrize("fault", ["raises", "answers what the model does not know"])
def test_a_fault_in_the_service_is_reported_and_answered(place: Place, fault: str) -> None:
    client = client_of(place, "cloudwatch")
    echo(place, "cloudwatch").answers = (
        ZeroDivisionError("oh") if fault == "raises" else {"Alarms": []}
    )
    code, status, message = refusal(client.describe_alarms)
    assert (code, status) == ("InternalFailure", 500)
    assert "monitoring:DescribeAlarms" in message
    assert "Traceback" in place.reports[-1]
