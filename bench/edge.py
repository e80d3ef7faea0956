"""Requests a second through the edge's layers, next to a target without them and to nginx.

    python -m bench.edge [--seconds 3] [--connections 32] [--rounds 3]

Every row is taken in one run, with the same client (wrk), the same target (nginx that returns a
constant) and one worker process each. nginx does the same routing in one hop. It checks no header,
has no cache and counts nothing. Without records neither side writes a log. With records both write
an entry of CloudFront's form and one of the load balancer's for each request, compressed.

The last table has the share of each part that a miniature adds: the network's decisions, metrics,
access logs, the console. Needs nginx and wrk (Debian: `apt install nginx-light wrk`).
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench.edge_process import RECORDS, SECRET, Carried, edge_process
from bench.load import (
    Options,
    Result,
    Row,
    kind_of,
    read_options,
    table,
    take,
    wait_for,
)
from tests.support.ports import free_port

BODY = "x" * 120
_NGINX = """
worker_processes 1;
daemon off;
pid {home}/{name}.pid;
error_log {home}/{name}.log;
events {{ worker_connections 1024; }}
http {{
  {log}
  keepalive_requests 100000000;
  client_body_temp_path {home}/{name}-body;
  proxy_temp_path {home}/{name}-proxy;
  fastcgi_temp_path {home}/{name}-fastcgi;
  uwsgi_temp_path {home}/{name}-uwsgi;
  scgi_temp_path {home}/{name}-scgi;
  {http}
}}
"""
_NO_LOG = "access_log off;"
_LOGS = r"""
  log_format cdn '$time_iso8601\tNRT00-P0\t$bytes_sent\t$remote_addr\t$request_method\t'
    'd1.cloudfront.net\t$uri\t$status\t$http_referer\t$http_user_agent\t$args\t-\tMiss\t'
    '$request_id\t$http_host\t$scheme\t$request_length\t$request_time\t$http_x_forwarded_for\t-\t-\t'
    'Miss\t$server_protocol\t-\t-\t$remote_port\t$request_time\tMiss\t-\t$body_bytes_sent\t-\t-';
  log_format balancer 'http $time_iso8601 app/lb/1 $remote_addr:$remote_port $upstream_addr 0.000 '
    '$upstream_response_time 0.000 $status $upstream_status $request_length $bytes_sent '
    '"$request_method $scheme://$http_host$request_uri $server_protocol" "$http_user_agent" - - '
    'arn:tg/api "Root=1-$msec-$request_id" "-" "-" 10 $time_iso8601 "waf,forward" "-" "-" '
    '"$upstream_addr" "$upstream_status" "-" "-" TID_$connection "-" "-" "-"';
  access_log {home}/{name}-cdn.gz cdn gzip=1 buffer=64k flush=1s;
  access_log {home}/{name}-balancer.gz balancer gzip=1 buffer=64k flush=1s;
"""
"""The entries of both logs that the edge writes: the same fields in the same order, where nginx has
them. Compressed at the same level (1), and written once a second at the latest."""

_TARGET = """
  server {{
    listen 127.0.0.1:{port};
    default_type text/plain;
    location / {{ return 200 "{body}"; }}
    location /api/unlike/ {{ add_header X-Id $request_id; return 200 "{body}"; }}
    location /cached/ {{ add_header Cache-Control max-age=3600; return 200 "{body}"; }}
  }}
"""
_PROXY = """
  upstream web {{ server 127.0.0.1:{target}; keepalive 64; keepalive_requests 100000000; }}
  upstream api {{ server 127.0.0.1:{target}; keepalive 64; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Port $server_port;
    proxy_set_header X-Request-Id $request_id;
    proxy_set_header X-Origin-Verify "{secret}";
    location /api/ {{ proxy_pass http://api; }}
    location / {{ proxy_pass http://web; }}
  }}
"""


@contextlib.contextmanager
def nginx(home: Path, name: str, http: str, port: int, *, log: str = _NO_LOG) -> Iterator[int]:
    """One nginx with this configuration; its process id."""
    configuration = home / f"{name}.conf"
    text = _NGINX.format(home=home, name=name, http=http, log=log.format(home=home, name=name))
    configuration.write_text(text, encoding="utf-8")
    command = ["nginx", "-p", str(home), "-c", str(configuration), "-e", str(home / "start.log")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield process.pid
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(10)


_LAYERS = "CloudFront + WAF + ALB"
_PATHS = {"": "/api/x", ", other paths": "/api/", ", no two alike": "/api/unlike/"}
"""The paths that are asked for, by the kind of requests."""

_LOGGED = ", with records"
_PARTS = {
    ", nothing enforced": Carried(enforces=False),
    ", with metrics": Carried(has_metrics=True),
    ", with logs": Carried(has_logs=True),
    _LOGGED: RECORDS,
    f"{_LOGGED}, console closed": replace(RECORDS, has_console=True),
    f"{_LOGGED}, console's requests open": replace(RECORDS, has_console=True, is_watched=True),
}
"""What an edge carries, by the end of the row's name."""

_SHARES = (
    ("the network's decisions", "", ", nothing enforced"),
    ("metrics", ", with metrics", ""),
    ("access logs", ", with logs", ""),
    ("metrics and access logs", _LOGGED, ""),
    ("the console, closed", f"{_LOGGED}, console closed", _LOGGED),
    ("the console's page of requests, open", f"{_LOGGED}, console's requests open", _LOGGED),
)
"""Each part, and the ends of the rows with it and without it."""


def measure(options: Options) -> dict[str, Result]:
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        home = Path(directory)
        target, proxy, logging = free_port(), free_port(), free_port()
        target_process = stack.enter_context(
            nginx(home, "target", _TARGET.format(port=target, body=BODY), target)
        )
        proxy_process = stack.enter_context(
            nginx(home, "proxy", _PROXY.format(port=proxy, target=target, secret=SECRET), proxy)
        )
        http = _PROXY.format(port=logging, target=target, secret=SECRET)
        logging_process = stack.enter_context(nginx(home, "logging", http, logging, log=_LOGS))
        edge = stack.enter_context(edge_process(target, home))
        header = (f"X-Origin-Verify: {SECRET}",)
        front, nginx_at = edge.distribution, f"http://127.0.0.1:{proxy}"
        rows = {
            "target, direct": Row(target_process, f"http://127.0.0.1:{target}/api/x"),
            "nginx": Row(proxy_process, f"{nginx_at}/api/x"),
            "ALB (with WAF)": Row(edge.pid, f"{edge.balancer}/api/x", header),
            _LAYERS: Row(edge.pid, f"{front}/api/x"),
            "nginx, other paths": Row(proxy_process, f"{nginx_at}/api/"),
            f"{_LAYERS}, other paths": Row(edge.pid, f"{front}/api/"),
            "nginx, no two alike": Row(proxy_process, f"{nginx_at}/api/unlike/"),
            f"{_LAYERS}, no two alike": Row(edge.pid, f"{front}/api/unlike/"),
            "CloudFront, cached": Row(edge.pid, f"{front}/cached/x"),
        }
        for kind, path in _PATHS.items():
            url = f"http://127.0.0.1:{logging}{path}"
            rows[f"nginx{_LOGGED}{kind}"] = Row(logging_process, url)
        for end, carried in _PARTS.items():
            other = stack.enter_context(edge_process(target, home, carried))
            rows[_LAYERS + end] = Row(other.pid, f"{other.distribution}/api/x")
            if end == _LOGGED:
                for kind, path in _PATHS.items():
                    rows[_LAYERS + end + kind] = Row(other.pid, f"{other.distribution}{path}")
                rows[f"ALB (with WAF){end}"] = Row(other.pid, f"{other.balancer}/api/x", header)
                rows[f"CloudFront, cached{end}"] = Row(other.pid, f"{other.distribution}/cached/x")
        return take(rows, options)


def cost_of_records(results: dict[str, Result]) -> str:
    """As Markdown: the rows that have a twin with records, and it. "Equal work": nginx writes both
    logs, too."""
    begin = "| requests/s | without records | with records | ratio | CPU µs a request more "
    lines = [
        f"{begin}| × nginx, equal work | × nginx without logs |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, one in results.items():
        kind = kind_of(name)
        twin = name.removesuffix(kind) + _LOGGED + kind
        if other := results.get(twin):
            equal, less = results[f"nginx{_LOGGED}{kind}"], results[f"nginx{kind}"]
            lines.append(
                f"| {name} | {one.rate:,.0f} | {other.rate:,.0f} | {other.rate / one.rate:.2f} "
                f"| {other.cpu - one.cpu:.1f} | {other.rate / equal.rate:.2f} "
                f"| {other.rate / less.rate:.2f} |"
            )
    return "\n".join(lines)


def shares(results: dict[str, Result]) -> str:
    """What each part costs a request through all layers, as Markdown."""
    whole = results[f"{_LAYERS}{_LOGGED}, console closed"]
    lines = [
        f"| part of {_LAYERS} | requests/s with it | CPU µs a request more | of all |",
        "|---|---:|---:|---:|",
    ]
    for what, with_it, without_it in _SHARES:
        one, other = results[_LAYERS + with_it], results[_LAYERS + without_it]
        more = one.cpu - other.cpu
        lines.append(f"| {what} | {one.rate:,.0f} | {more:.1f} | {100 * more / whole.cpu:.0f} % |")
    nginx_rate = results["nginx"].rate
    lines.append(
        f"| all of it, console closed | {whole.rate:,.0f}, {whole.rate / nginx_rate:.2f} × nginx "
        f"| {whole.cpu:.1f} | |"
    )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    options = read_options("edge", __doc__, arguments)
    if missing := [tool for tool in ("nginx", "wrk") if shutil.which(tool) is None]:
        print(
            f"edge: not measured, {' and '.join(missing)} not found "
            "(Debian: apt install nginx-light wrk)",
            file=sys.stderr,
        )
        return 1
    results = measure(options)
    shown = {
        name: each for name, each in results.items() if not any(part in name for part in _PARTS)
    }
    compared = table(shown, "nginx", lambda name: f"nginx{kind_of(name)}")
    print(f"{compared}\n\n{cost_of_records(results)}\n\n{shares(results)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
