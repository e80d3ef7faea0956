"""The logs of requests in AWS's own formats.

Each test names the page that it follows.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from requests_sample import (
    ACCOUNT,
    BALANCER,
    BLOCKED,
    BY_DISTRIBUTION,
    DISTRIBUTION,
    NOW,
    WAF_GROUP,
    architecture,
)

from bonkei.blueprint.logs.log_delivery import LogDelivery
from bonkei.services.logs.delivery.requests.load_balancer import connection_id
from bonkei.services.logs.delivery.requests.routes import find_routes
from bonkei.services.logs.delivery.requests.target import Target
from tests.bonkei.services.logs.formats import UNIQUE, line, logs

# Application Load Balancer


def test_an_entry_of_the_access_log() -> None:
    """ "Access log entries": 33 fields. Quoted fields may contain blanks. `actions_executed`
    begins with waf where a web ACL decided.
    """
    [log] = logs(architecture(), BALANCER)
    assert line(log, BY_DISTRIBUTION) == (
        "http 2023-11-14T22:13:20.000000Z app/web/50dc6c495c0c9188 192.0.2.1:4711 10.0.0.1:80 "
        '0.000 0.250 0.000 200 200 3 21 "GET http://site.example:80/a?b=c HTTP/1.1" '
        '"curl/8 \\x22x\\x22" - - arn:group "Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 7 '
        '2023-11-14T22:13:19.750000Z "waf,forward" "-" "-" "10.0.0.1:80" "200" "-" "-" '
        f'{connection_id(5)} "-" "-" "-"'
    )
    blocked = line(log, BLOCKED)
    assert ' - -1 -1 -1 403 - 3 21 "GET' in blocked
    assert '"waf" "-" "-"' in blocked
    assert " 460 - " in line(log, BLOCKED._replace(status=0)), "the client has gone"
    redirected = BLOCKED._replace(
        status=301, blocked_by="", redirect_url="https://a/", inspections=()
    )
    assert '"redirect" "https://a/" "-" "-" "-"' in line(log, redirected)


def test_an_object_of_the_access_log() -> None:
    """ "Access log files"."""
    [log] = logs(architecture(), BALANCER)
    assert log.key(NOW, UNIQUE) == (
        "load-balancer/AWSLogs/123456789012/elasticloadbalancing/eu-west-1/2023/11/14/"
        "123456789012_elasticloadbalancing_eu-west-1_app.web.50dc6c495c0c9188_20231114T2213Z_"
        "127.0.0.1_20sg8hgm.log.gz"
    )


def test_the_connection_log() -> None:
    """ "Connection log entries" and "Connection log files": 12 fields. Without TLS, all fields
    about TLS are `-`, and the subject keeps its quotes.
    """
    _, log = logs(architecture(connections=True), BALANCER)
    assert log.once
    assert line(log, BY_DISTRIBUTION) == (
        '2023-11-14T22:13:19.750000Z 192.0.2.1 4711 80 - - - "-" - - - ' + connection_id(5)
    )
    assert log.key(NOW, UNIQUE) == (
        "connections/AWSLogs/123456789012/elasticloadbalancing/eu-west-1/2023/11/14/"
        "conn_log.123456789012_elasticloadbalancing_eu-west-1_app.web.50dc6c495c0c9188_"
        "20231114T2213Z_127.0.0.1_20sg8hgm.log.gz"
    )


# CloudFront


def test_the_legacy_log() -> None:
    """ "Standard logging (legacy)" and "Log file fields": 33 fields between tabs."""
    [log] = logs(architecture(), DISTRIBUTION)
    version, fields = log.head.splitlines()
    assert version == "#Version: 1.0"
    names = fields.removeprefix("#Fields: ").split()
    entry = dict(zip(names, line(log, BY_DISTRIBUTION).split("\t"), strict=True))
    assert len(names) == 33
    assert (entry["cs-uri-stem"], entry["cs-uri-query"], entry["sc-status"]) == ("/a", "b=c", "200")
    assert (entry["x-edge-result-type"], entry["cs(Host)"]) == ("Miss", "d1.cloudfront.net")
    assert entry["cs(User-Agent)"] == "curl/8%20%22x%22"
    assert (entry["cs(Referer)"], entry["x-forwarded-for"]) == ("https://example.org/", "10.1.1.1")
    assert (entry["x-edge-request-id"], entry["cs(Cookie)"]) == ("cf-id==", "-")
    assert log.key(NOW, "u") == "cdn/E1.2023-11-14-22.u.gz"


@pytest.mark.parametrize(
    ("status", "result"),
    [(200, "Miss"), (304, "Miss"), (404, "Error"), (502, "Error"), (0, "Error")],
)
def test_the_result_of_a_response_that_only_passed_the_cache(status: int, result: str) -> None:
    """The same word as in the viewer's X-Cache."""
    [log] = logs(architecture(), DISTRIBUTION)
    entry = line(log, BY_DISTRIBUTION._replace(status=status, cache_result="")).split("\t")
    names = log.head.split("#Fields: ")[1].split()
    results = {entry[at] for at, name in enumerate(names) if name.endswith("result-type")}
    assert results == {result}


def test_cookies_are_logged_where_it_is_declared() -> None:
    wanted = architecture()
    of_balancer, of_site = wanted.access_logs
    [log] = logs(
        replace(wanted, access_logs=(of_balancer, replace(of_site, cookies=True))), DISTRIBUTION
    )
    assert "session=opensesame" in line(log, BY_DISTRIBUTION)


def delivery(destination: str = "arn:aws:s3:::v2", **more: Any) -> LogDelivery:
    source = f"arn:aws:logs:us-east-1:{ACCOUNT}:delivery-source:site"
    return LogDelivery("d", source, DISTRIBUTION, "ACCESS_LOGS", destination, **more)


def delivered(wanted: LogDelivery) -> Target:
    _, log = logs(architecture(deliveries=(wanted,)), DISTRIBUTION)
    return log


@pytest.mark.parametrize(
    ("destination", "suffix", "hive", "folder"),
    [
        ("bucket/MyLogPrefix", "", False, "MyLogPrefix/"),
        ("bucket/MyLogPrefix", "myFolderA/", False, "MyLogPrefix/myFolderA/"),
        ("bucket/MyLogPrefix", "myFolderA/{yyyy}", True, "MyLogPrefix/myFolderA/year=2023/"),
        ("bucket", "", False, f"AWSLogs/{ACCOUNT}/CloudFront/"),
        ("bucket", "myFolderA/", False, f"AWSLogs/{ACCOUNT}/CloudFront/myFolderA/"),
        (
            *("bucket", "myFolderA/", True),
            f"AWSLogs/aws-account-id={ACCOUNT}/CloudFront/myFolderA/",
        ),
        (
            *("bucket", "myFolderA/{accountid}", True),
            f"AWSLogs/aws-account-id={ACCOUNT}/CloudFront/myFolderA/accountid={ACCOUNT}/",
        ),
        ("bucket/p", "{DistributionId}/{yyyy}/{MM}/{dd}/{HH}", False, "p/E1/2023/11/14/22/"),
        (
            *("bucket/p", "/cloudfront/DistributionId={DistributionId}/x/year={yyyy}/logs", True),
            "p/cloudfront/DistributionId=E1/x/year=2023/logs/",
        ),
    ],
)
def test_the_paths_of_v2(destination: str, suffix: str, hive: bool, folder: str) -> None:
    """The tables of "Example paths to access logs" and the examples of "Partitioning" and
    "Hive-compatible file name format" in "Configure standard logging (v2)"."""
    log = delivered(delivery(f"arn:aws:s3:::{destination}", suffix_path=suffix, hive=hive))
    assert log.bucket == "bucket"
    assert log.key(NOW, "u") == f"{folder}E1.2023-11-14-22.u.gz"


def test_v2_has_the_selected_fields_in_the_selected_format() -> None:
    """ "Example access log sent to CloudWatch Logs" and "… to Amazon S3": an object of text
    members, or fields between tabs below a header line.
    """
    fields = ("date", "sc-status", "timestamp(ms)", "asn", "x-host-header", "cs(Cookie)")
    group = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:cdn:*"
    to_group = delivered(delivery(group, fields=fields))
    assert (to_group.group, to_group.stream, to_group.by.grants_itself) == ("cdn", "E1", True)
    assert json.loads(line(to_group, BY_DISTRIBUTION)) == {
        "date": "2023-11-14",
        "sc-status": "200",
        "timestamp(ms)": "1700000000000",
        "asn": "-",
        "x-host-header": "site.example:8080",
        "cs(Cookie)": "session=opensesame",
    }
    as_text = delivered(delivery(fields=("date", "sc-status")))
    assert as_text.head == "#Fields: date sc-status\n"
    assert line(as_text, BY_DISTRIBUTION) == "2023-11-14\t200"
    plain = delivered(delivery(fields=("date", "sc-status"), output_format="plain", delimiter=","))
    assert (plain.head, line(plain, BY_DISTRIBUTION)) == ("", "2023-11-14,200")
    assert len(line(delivered(delivery()), BY_DISTRIBUTION).split("\t")) == 35


def test_unsupported_settings_of_v2_are_reported() -> None:
    firehose = f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/s"
    waf_firehose = firehose.replace("/s", "/aws-waf-logs-s")
    wanted = architecture(
        destinations=(WAF_GROUP, waf_firehose),
        deliveries=(
            delivery(firehose),
            delivery(output_format="parquet"),
            replace(delivery(), log_type="CONNECTION_LOGS"),
        ),
    )
    to_firehose, parquet, connections, waf = find_routes(wanted, ACCOUNT).notes
    assert f"Firehose ({firehose}) is not simulated" in to_firehose
    assert "output format is not simulated" in parquet
    assert "CONNECTION_LOGS" in connections
    assert f"Firehose ({waf_firehose}) is not simulated" in waf
