"""`bonkei explain`: the reasons for the way of a request."""

from __future__ import annotations

from typing import Any

import click

from bonkei.cli.context import Context, pass_context
from bonkei.cli.terminal import as_json, safe
from bonkei.cli.typed import say


def _headers(
    ctx: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> list[tuple[str, str]]:
    from bonkei.miniature.requests.asked import parse_header

    try:
        return [parse_header(value) for value in values]
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, option) from None


@click.command()
@click.argument("url", default="/")
@click.option("--method", "-X", help="Instead of GET, or of POST where there is --data.")
@click.option(
    "--header", "-H", "headers", metavar="NAME: VALUE", multiple=True, callback=_headers,
    help="A header of the request; may be repeated.",
)  # fmt: skip
@click.option("--data", "-d", help="The body of the request.")
@click.option("--send", is_flag=True, help="Really send it, and show its course.")
@click.option("--json", "json_wanted", is_flag=True, help="As JSON.")
@pass_context
def explain(
    context: Context,
    url: str,
    method: str | None,
    headers: list[tuple[str, str]],
    data: str | None,
    send: bool,
    json_wanted: bool,
) -> None:
    """Explain what happens to a request: cache, web ACL, rule, target.

    The answer names their places in Terraform. URL is one of the miniature, one with a name of the
    definitions, or only a path. Nothing is sent without --send.
    """
    found = context.ask(
        "explain",
        limit=90.0 if send else None,
        url=url,
        method=method or ("GET" if data is None else "POST"),
        headers=headers,
        body=data,
        send=send,
    )
    say(as_json(found, indent=2) if json_wanted else safe(render(found)))


def render(found: dict[str, Any]) -> str:
    """Format the answer for a person."""
    lines = [f"{found['request']}  at {found['url']} ({found['listener']})", ""]
    for step in found["steps"]:
        lines += _step(step)
    lines.append("")
    lines.append(_expected(found["expected"]))
    if found["was"]:
        lines += ["", *_was(found["was"])]
    return "\n".join(lines)


_MARKS = {"chosen": "→", "counted": "#", "possible": "·", "not evaluated": "?"}
_LAYERS = {
    "request": "request", "cloudfront": "CloudFront", "web_acl": "web ACL",
    "load_balancer": "ALB", "service_connect": "Service Connect", "target": "target",
}  # fmt: skip


def _step(step: dict[str, Any]) -> list[str]:
    layer = _LAYERS.get(step["layer"], step["layer"])
    lines = [f"{layer:<11} {step['text']}{_at(step)}"]
    lines += [f"            {name} = {value}" for name, value in step["values"]]
    later = 0
    for each in step["considered"]:
        if each["outcome"] == "not asked":
            later += 1
            continue
        mark = _MARKS.get(each["outcome"], "✗")
        why = f": {each['why']}" if each["why"] else ""
        lines.append(f"            {mark} {each['name']}{why}{_at(each)}")
    if later:
        lines.append(f"            {later} more not asked")
    return lines


def _at(what: dict[str, Any]) -> str:
    return f"  [{what['place']}]" if what["place"] else ""


def _expected(expected: dict[str, Any]) -> str:
    if expected["status"]:
        return f"Expected: {expected['status']}, by the {expected['by'].replace('_', ' ')}"
    if expected["is_chance"]:
        return "Expected: a target answers; chance decides which"
    return f"Expected: {expected['targets'][0]} answers"


def _was(was: dict[str, Any]) -> list[str]:
    how = [f"{was['status'] or 'no answer'} after {was['milliseconds']:g} ms"]
    how += [f"cache: {was['cache']}"] if was["cache"] else []
    how += [f"target: {was['task']}"] if was["task"] else []
    how += [f"blocked by {was['blocked_by']}"] if was["blocked_by"] else []
    how += [f"retries: {was['retries']}"] if was["retries"] else []
    how += [f"trace: {was['trace_id']}"] if was["trace_id"] else []
    lines = [f"Was: {', '.join(how)}"]
    lines += [f"  because: {was['cause']}"] if was["cause"] else []
    lines += [f"  unlike that, {each}" for each in was["differences"]]
    if was["calls"]:
        lines += ["", "Calls of services for it:"]
    for call in was["calls"]:
        said = f"{call['method']} {call['host']}{call['target']} {call['status']}"
        lines.append(f"  {said}, {call['milliseconds']:g} ms, {call['task']}")
    if was["lines"]:
        lines += ["", "Lines:"]
    for line in was["lines"]:
        spent = line["database_ms"]
        database = f" ({spent:g} ms in the database)" if spent is not None else ""
        lines.append(f"  {line['time'][11:23]} {line['log']} {line['message']}{database}")
    return lines
