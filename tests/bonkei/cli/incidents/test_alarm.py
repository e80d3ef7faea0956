"""The texts of `bonkei alarm`."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from bonkei.cli.incidents.alarm_text import graph, junit_xml, render_list, render_results

RESULT = {
    "name": "a<b",
    "kind": "alarm",
    "cause": "injected metric data: M 2",
    "injected": True,
    "alarm_at": 1000.0,
    "ok_at": 1002.5,
    "alarm_reason": "Threshold Crossed",
    "ok_reason": "back",
    "messages": [{"action": "arn:aws:sns:x", "subject": 'ALARM: "a"', "problem": ""}],
    "slack": [{"time": 1000.04, "text": "ALARM: a", "after": 0.04}],
    "problem": "",
    "not_shown": "a real cause: injected data went this way",
    "both_ways": True,
}
REAL = RESULT | {"cause": "a target really killed", "injected": False, "not_shown": ""}
RULE = RESULT | {
    "kind": "rule",
    "name": "pipeline-failed",
    "ok_at": 0.0,
    "slack": [],
    "not_shown": "",
}
FAILED = RESULT | {
    "ok_at": 0.0,
    "problem": "it did not go to OK",
    "not_shown": "",
    "both_ways": False,
}


def test_a_graph_shows_data_gaps_and_the_threshold() -> None:
    lines = graph([None, 0.0, 50.0, 100.0], 50.0)

    assert len(lines) == 10
    assert lines[0].endswith("┤   █")
    assert lines[-1].endswith("┤·▁██")
    assert next(line for line in lines if "─" in line).strip().startswith("50 ┤")


def test_a_graph_of_equal_values() -> None:
    assert len(graph([0.0, 0.0], 0.0)) == 10


def test_alarms_in_alarm_come_first_and_compressed_time_is_mentioned() -> None:
    one = {
        "state": "OK", "name": "fine", "since": 0, "reason": "r", "problem": "",
        "acknowledged_by": "", "acknowledged_at": 0.0,
    }  # fmt: skip
    bad = {"state": "ALARM", "name": "bad", "acknowledged_by": "Aiko", "acknowledged_at": 1e9}
    found = {
        "alarms": [one, one | bad],
        "compression": 60,
        "not_measured": ["AWS/X Y"],
    }
    lines = render_list(found).splitlines()

    assert "a minute takes 1 s" in lines[0]
    assert lines[1].startswith("ALARM")
    assert "acknowledged by Aiko at 2001-09-0" in lines[1]
    assert lines[-1] == "no part measures AWS/X Y"


def test_results_of_a_rehearsal() -> None:
    text = render_results([RESULT, FAILED, REAL, RULE])

    assert "FAILED  a<b" in text
    assert "NOT SHOWN  a<b" in text
    assert "  not shown: a real cause: injected data went this way" in text
    assert text.count("\nok  ") == 2
    assert "real cause: a target really killed" in text
    assert "injected cause: injected metric data: M 2" in text
    assert "Slack, 40 ms later: ALARM: a" in text
    assert 'sent to arn:aws:sns:x: ALARM: "a"' in text
    assert text.splitlines()[-4:] == [
        "2 of 3 alarms went to ALARM and back to OK: 1 by a real cause, 1 by injected data",
        "1 of them all did not show what they should: see `not shown`",
        "1 of 1 rules passed an event on to a target",
        "3 messages came to Slack, after p50 40 ms and p99 40 ms",
    ]


def test_junit() -> None:
    suite = ET.fromstring(junit_xml([RESULT, FAILED]))  # noqa: S314 - it is ours

    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    first, second = suite.findall("testcase")
    assert (first.get("name"), first.get("time")) == ("a<b", "2.500")
    failure = second.find("failure")
    assert failure is not None
    assert failure.get("message") == "it did not go to OK"
    skipped = first.find("skipped")
    assert skipped is not None
    assert "injected data" in skipped.get("message", "")
