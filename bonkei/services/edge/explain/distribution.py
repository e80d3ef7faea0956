"""A CloudFront distribution: behavior, web ACL, cache, origin, error pages."""

from __future__ import annotations

from bonkei.services.edge.alb.load_balancer import ListenerHandler
from bonkei.services.edge.cloudfront.behavior import CompiledBehavior
from bonkei.services.edge.cloudfront.bucket_origin import BucketOrigin
from bonkei.services.edge.cloudfront.choice import Choice, Use, Way, asks_alone, use_of
from bonkei.services.edge.cloudfront.distribution import (
    BLOCKED,
    NO_ORIGIN,
    PAGES,
    DistributionHandler,
    page_for,
)
from bonkei.services.edge.cloudfront.outcome import Mode, reuse
from bonkei.services.edge.cloudfront.pages import ANOTHER_HOST, TOO_LONG
from bonkei.services.edge.cloudfront.serving import shown_part
from bonkei.services.edge.cloudfront.stored import Key, Stored
from bonkei.services.edge.cloudfront.unreachable import STATUS, Unreachable
from bonkei.services.edge.cloudfront.viewer_response import request_id
from bonkei.services.edge.explain import words
from bonkei.services.edge.explain.firewall import ask
from bonkei.services.edge.explain.listener import explain_onward
from bonkei.services.edge.explain.values import Considered, Explanation, Place, Step, told
from bonkei.services.edge.http.message import Request
from bonkei.services.edge.http.pattern import normalize_path


def explain_viewer(handler: DistributionHandler, request: Request) -> Explanation:
    """A viewer's request."""
    choice = handler.choices.of(request)
    behavior = choice.behavior
    if behavior is None:
        return _refused(handler, choice)
    chosen = _behavior(handler, behavior, choice.request)
    verdict, steps = ask(handler.firewall, choice.request)
    if verdict is not None and verdict.blocks:
        status = verdict.response.status if verdict.response else BLOCKED
        refusal = told(by="web_acl", status=status, blocked_by=verdict.rule)
        explanation = _shown(handler, choice.request, refusal)
    else:
        explanation = _passed(handler, behavior, choice)
    own = (verdict,) if verdict is not None else ()
    verdicts = (*own, *explanation.expected.verdicts)
    return explanation.after(chosen, *steps).but(behavior=behavior.pattern, verdicts=verdicts)


def _refused(handler: DistributionHandler, choice: Choice) -> Explanation:
    place = Place(handler.address)
    if choice.way is Way.OTHER_HOST:
        host = words.text(choice.request.fields.get(b"host", b""))
        text = f"the distribution does not answer to {host or 'no name'}: {ANOTHER_HOST.status}"
        step = Step("cloudfront", "host", text, Place(handler.address, "aliases"))
        return told(
            step, by="cloudfront", status=ANOTHER_HOST.status, blocked_by="host",
            cache_result="Error",
        )  # fmt: skip
    text = f"the request is longer than CloudFront takes: {TOO_LONG.status}"
    return told(Step("cloudfront", "request", text, place), by="cloudfront", status=TOO_LONG.status)


def _behavior(handler: DistributionHandler, chosen: CompiledBehavior, request: Request) -> Step:
    behaviors = handler.choices.behaviors
    position = behaviors.index(chosen)
    path = words.text(normalize_path(request.path))
    considered = tuple(
        Considered(
            each.pattern,
            "passed over" if index < position else "chosen" if index == position else "not asked",
            f"the path is {path}" if index < position else "",
            _place(handler, each),
        )
        for index, each in enumerate(behaviors)
    )
    default = " (the default)" if chosen is behaviors[-1] else ""
    policy = chosen.policy
    text = f"the behavior {chosen.pattern}{default}, cache policy {policy.name}"
    return Step("cloudfront", "behavior", text, _place(handler, chosen), considered)


def _place(handler: DistributionHandler, behavior: CompiledBehavior) -> Place:
    if behavior is handler.choices.behaviors[-1]:
        return Place(handler.address, "default_cache_behavior")
    return Place(handler.address, "ordered_cache_behavior", behavior.pattern)


def _passed(
    handler: DistributionHandler, behavior: CompiledBehavior, choice: Choice
) -> Explanation:
    """Behind the web ACL."""
    request, place = choice.request, _place(handler, behavior)
    if (page := PAGES.get(choice.way)) is not None:
        method = words.text(request.method)
        why = (
            f"the behavior does not allow {method}: {page.status}"
            if choice.way is Way.NOT_ALLOWED
            else f"a GET with a body: {page.status}"
        )
        refusal = told(
            Step("cloudfront", "request", why, place), by="cloudfront", status=page.status,
            cache_result="Error",
        )  # fmt: skip
        return _shown(handler, request, refusal)
    if choice.key is None:
        why = _uncached(behavior, request)
        step = Step("cloudfront", "cache", f"not cached: {why}", place)
        return _asked(handler, behavior, request, None).after(step)
    return _cached(handler, behavior, request, choice.key)


def _uncached(behavior: CompiledBehavior, request: Request) -> str:
    if not behavior.caches:
        return f"the cache policy {behavior.policy.name} has a maximum TTL of 0"
    if request.method not in behavior.cached:
        return f"{words.text(request.method)} is not among the cached methods"
    return "a WebSocket" if request.websocket else "the request has a body"


def _cached(
    handler: DistributionHandler, behavior: CompiledBehavior, request: Request, key: Key
) -> Explanation:
    place, now = _place(handler, behavior), handler.now()
    named = Step(
        "cloudfront", "cache_key", "the cache key", place, values=_key(behavior, request, key)
    )
    stored = handler.cache.look(key)
    use = use_of(stored, now)
    if stored is not None and use is not Use.ASK:
        status, _ = shown_part(request, stored)
        kind = "an error that is cached" if stored.error else "a hit"
        age = max(0, int(now - stored.stored_at))
        text = f"{kind}, stored {age} s ago: {status}"
        if use is Use.SERVE_AND_REFRESH:
            text += ", stale and fetched again in the background"
        result = "Error" if stored.error else "Hit"
        step = Step("cloudfront", "cache", text, place)
        return told(named, step, by="cache", status=status, cache_result=result)
    if stored is not None:
        text = "stale: the origin is asked whether it has changed, a 304 is a RefreshHit"
    elif not asks_alone(request, stored) and key in handler.cache.fetches:
        text = "a miss; another viewer's fetch is under way, and its response is awaited"
    else:
        text = "a miss"
    step = Step("cloudfront", "cache", text, place)
    return _asked(handler, behavior, request, stored).after(named, step)


def _key(behavior: CompiledBehavior, request: Request, key: Key) -> tuple[tuple[str, str], ...]:
    """The parts of a cache key by their names."""
    method, path, query, cookies, encoding, _, *headers = key
    names = behavior.key.headers
    parts = [
        ("method", words.text(method)),
        ("path", words.text(path)),
        ("query", words.query(query)),
        ("cookies", words.cookie_names(cookies)),
        ("Accept-Encoding", words.text(encoding)),
        *((words.text(name), words.header_value(words.text(name), value))
          for name, value in zip(names, headers, strict=True)),
    ]  # fmt: skip
    left_out = [
        ("query", request.query, query),
        ("cookies", request.fields.get(b"cookie"), cookies),
    ]
    for what, given, taken in left_out:
        if given and not taken:
            parts.append((f"{what} left out", "the cache policy takes none of it"))
    return tuple((name, value) for name, value in parts if value)


def _asked(
    handler: DistributionHandler,
    behavior: CompiledBehavior,
    request: Request,
    stale: Stored | None,
) -> Explanation:
    """The origin, and CloudFront's treatment of its errors."""
    validated = stale if stale is not None and not stale.error else None
    explanation = _origin(handler, behavior, behavior.origin_request(request, validated))
    status = explanation.expected.status
    if stale is not None and status and reuse(stale, status, handler.now()) is Mode.STALE:
        text = f"the origin fails with {status}: the stale response is served"
        step = Step("cloudfront", "cache", text, _place(handler, behavior))
        told_before = Explanation((*explanation.steps, step), explanation.expected)
        shown, _ = shown_part(request, stale)
        return told_before.but(by="cache", status=shown, cache_result="Hit")
    return _shown(handler, request, explanation)


def _origin(
    handler: DistributionHandler, behavior: CompiledBehavior, request: Request
) -> Explanation:
    origin, definition = handler.origins[behavior.origin_id], behavior.origin
    place = Place(handler.address, "origin", behavior.origin_id)
    added = tuple((name, words.MASK) for name, _ in definition.headers)
    text = f"{behavior.origin_id} ({definition.domain_name}) is asked for "
    step = Step("cloudfront", "origin", text + words.target(request.target), place, values=added)
    if isinstance(origin, ListenerHandler):
        request.mark(request_id())
        return explain_onward(origin, request).after(step)
    if isinstance(origin, BucketOrigin):
        how = f"the bucket {origin.bucket} answers, if its policy lets CloudFront read"
        return told(step, Step("cloudfront", "origin", how, place), by="cloudfront", status=200)
    if isinstance(origin, Unreachable):
        why = f"the network lets CloudFront not through: {origin.why}. The answer is {STATUS}"
        return told(step, Step("cloudfront", "origin", why, place), by="network", status=STATUS)
    why = f"it is not a load balancer of these definitions with a listener at its port: {NO_ORIGIN}"
    return told(step, Step("cloudfront", "origin", why, place), by="cloudfront", status=NO_ORIGIN)


def _shown(handler: DistributionHandler, request: Request, explanation: Explanation) -> Explanation:
    """With the custom page in place of an error."""
    status = explanation.expected.status
    if not handler.errors.replaces(status):
        return explanation
    custom = handler.errors[status]
    shown = custom.response_code or status
    path = (custom.response_page_path or "/").encode()
    place = Place(handler.address, "custom_error_response", custom.response_page_path or "")
    if _has_page(handler, path, request):
        text = f"the error {status} is replaced by {words.text(path)}, shown as {shown}"
        changes = {"status": shown, "replaces": status, "cache_result": "Error"}
    else:
        text = f"{words.text(path)} stands for {status}, but it cannot be fetched: {status}"
        changes = {"replaces": status, "cache_result": "Error"}
    step = Step("cloudfront", "error_page", text, place)
    return Explanation((*explanation.steps, step), explanation.expected).but(**changes)


def _has_page(handler: DistributionHandler, path: bytes, request: Request) -> bool:
    """Whether the page is in the cache, or would reach a target."""
    behavior = handler.choices.behavior(path)
    page = page_for(path, request)
    if behavior.caches:
        stored = handler.cache.look(behavior.key.of(page))
        if stored is not None and not stored.error and stored.fresh(handler.now()):
            return True
    expected = _origin(handler, behavior, behavior.origin_request(page)).expected
    return expected.status in (0, 200)
