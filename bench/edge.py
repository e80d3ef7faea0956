"""Requests a second through the edge's layers, next to a target without them and to nginx.

    python -m bench.edge [--seconds 3] [--connections 32] [--rounds 3]

Every row is taken in one run, with the same client (wrk), the same target (nginx that returns a
constant) and one worker process each. The last table has the share of each part that a miniature
adds: the network's decisions, metrics, access logs, the console. Needs nginx and wrk (Debian:
`apt install nginx-light wrk`).
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
    free_port,
    kind_of,
    read_options,
    table,
    take,
    wait_for,
)

BODY = "x" * 120
_NGINX = """
worker_processes 1;
daemon off;
pid {home}/{name}.pid;
error_log {home}/{name}.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path {home}/{name}-body;
  proxy_temp_path {home}/{name}-proxy;
  fastcgi_temp_path {home}/{name}-fastcgi;
  uwsgi_temp_path {home}/{name}-uwsgi;
  scgi_temp_path {home}/{name}-scgi;
  {http}
}}
"""
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
def nginx(home: Path, name: str, http: str, port: int) -> Iterator[int]:
    """One nginx with this configuration; its process id."""
    configuration = home / f"{name}.conf"
    configuration.write_text(_NGINX.format(home=home, name=name, http=http), encoding="utf-8")
    command = ["nginx", "-p", str(home), "-c", str(configuration), "-e", str(home / "start.log")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield process.pid
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(10)


_LAYERS = "CloudFront + WAF + ALB"
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
        target, proxy = free_port(), free_port()
        target_process = stack.enter_context(
            nginx(home, "target", _TARGET.format(port=target, body=BODY), target)
        )
        proxy_process = stack.enter_context(
            nginx(home, "proxy", _PROXY.format(port=proxy, target=target, secret=SECRET), proxy)
        )
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
        for end, carried in _PARTS.items():
            other = stack.enter_context(edge_process(target, home, carried))
            rows[_LAYERS + end] = Row(other.pid, f"{other.distribution}/api/x")
            if end == _LOGGED:
                rows[f"ALB (with WAF){end}"] = Row(other.pid, f"{other.balancer}/api/x", header)
                rows[f"CloudFront, cached{end}"] = Row(other.pid, f"{other.distribution}/cached/x")
        return take(rows, options)


def cost_of_records(results: dict[str, Result]) -> str:
    """As Markdown: the rows that have a twin with records, and it."""
    lines = [
        "| requests/s | without records | with records | ratio | CPU µs a request more | × nginx |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, one in results.items():
        if other := results.get(name + _LOGGED):
            lines.append(
                f"| {name} | {one.rate:,.0f} | {other.rate:,.0f} | {other.rate / one.rate:.2f} "
                f"| {other.cpu - one.cpu:.1f} | {other.rate / results['nginx'].rate:.2f} |"
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
    shown = {name: each for name, each in results.items() if not name.endswith(tuple(_PARTS))}
    compared = table(shown, "nginx", lambda name: f"nginx{kind_of(name)}")
    print(f"{compared}\n\n{cost_of_records(results)}\n\n{shares(results)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
