"""A CloudFront distribution: chooses the behavior, answers from cache or origin, handles errors.

The loopback listener replaces both the HTTPS and the HTTP endpoint of the distribution. So
`https-only` and `redirect-to-https` count as met: a redirect to HTTPS would lead nowhere. Behaviors
whose cache policy has a maximum TTL of 0 cache nothing, errors included.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from bonkei.base.clocks import since_boot
from bonkei.blueprint.cloudfront import Distribution
from bonkei.services.edge.cloudfront.behavior import CompiledBehavior
from bonkei.services.edge.cloudfront.cache import Cache
from bonkei.services.edge.cloudfront.choice import Choice, Choices, Use, Way, asks_alone, use_of
from bonkei.services.edge.cloudfront.error_page import CustomErrors, ErrorPage
from bonkei.services.edge.cloudfront.fetch import Fetch
from bonkei.services.edge.cloudfront.freshness import Lifetime
from bonkei.services.edge.cloudfront.pages import ANOTHER_HOST, BAD_REQUEST, NOT_ALLOWED, TOO_LONG
from bonkei.services.edge.cloudfront.serving import serve, show_page
from bonkei.services.edge.cloudfront.stored import Key, Stored
from bonkei.services.edge.cloudfront.viewer_response import ERROR, HIT, request_id
from bonkei.services.edge.cloudfront.waiting import Waiting
from bonkei.services.edge.http.exchange import Exchange, Flow, Onward, Prepared
from bonkei.services.edge.http.firewall import Firewall
from bonkei.services.edge.http.message import (
    Request,
    Response,
    Sink,
    answer,
    reason,
)
from bonkei.services.edge.http.page import cloudfront_page
from bonkei.services.edge.settings import Limits

PAGES = {Way.NOT_ALLOWED: NOT_ALLOWED, Way.BODY_WITH_GET: BAD_REQUEST}
"""The answers to requests that are not passed on."""

_PASSED_ON = Way.PASSED_ON

BLOCKED = 403
NO_ORIGIN = 502
"""The status if an origin is not a load balancer of the definitions."""


class Originator(Protocol):
    """The handler of an origin's requests."""

    body_needed: int

    def onward(self, request: Request) -> Onward: ...


class DistributionHandler:
    """One distribution, compiled. It never changes. Its successor takes over the cache."""

    def __init__(
        self,
        distribution: Distribution,
        origins: Mapping[str, Originator | None],
        firewall: Firewall | None,
        cache: Cache,
        limits: Limits,
        hosts: Iterable[str] = (),
    ) -> None:
        self.address = distribution.address
        self.cache = cache
        self.now = since_boot
        self._limits = limits
        self.origins = origins
        self.firewall = firewall
        by_id = {origin.id: origin for origin in distribution.origins}
        behaviors = tuple(
            CompiledBehavior(distribution, behavior, by_id[behavior.origin_id])
            for behavior in distribution.behaviors
        )
        self.choices = Choices(distribution, behaviors, hosts)
        self.errors = CustomErrors(distribution.custom_error_responses)
        needs = [each.body_needed for each in origins.values() if each is not None]
        self.body_needed = max([firewall.body_needed if firewall else 0, *needs])

    def prepare(self, request: Request) -> Prepared:
        """Prepare a viewer's request: web ACL, behavior, method, cache, origin."""
        choice = self.choices.of(request)
        behavior = choice.behavior
        if behavior is None:
            return _for_another_host if choice.way is Way.OTHER_HOST else _too_long
        return self._guard(self._prepare(choice, behavior), behavior, choice.request)

    def refusal(self, status: int) -> Response:
        return cloudfront_page(status, "Bad request.", close=True)

    def _guard(self, prepared: Prepared, behavior: CompiledBehavior, request: Request) -> Prepared:
        """Check the distribution's own web ACL first, if it has one."""
        firewall = self.firewall
        if firewall is None:
            return prepared

        def check(exchange: Exchange) -> Flow | None:
            verdict = firewall.check(request)
            if exchange.logs:
                exchange.inspected(verdict, request)
            if not verdict.blocks:
                return prepared(exchange)
            exchange.blocked_by = verdict.rule
            page = verdict.response or cloudfront_page(BLOCKED, "Request blocked.")
            self._reject(behavior, request, exchange, page)
            return None

        return check

    def _prepare(self, choice: Choice, behavior: CompiledBehavior) -> Prepared:
        """Prepare a request that the web ACL lets pass."""
        request, key = choice.request, choice.key
        if key is not None:
            return lambda exchange: self._cached(behavior, request, key, exchange)
        if choice.way is not _PASSED_ON:
            page = PAGES[choice.way]
            return lambda exchange: self._reject(behavior, request, exchange, page)
        if self.errors.any_page:
            return lambda exchange: Fetch(self, behavior, request, exchange).start()
        return self._relay(behavior, request)

    def _relay(self, behavior: CompiledBehavior, request: Request) -> Prepared:
        """Pass a request to the origin, and its response back. Nothing is stored or replaced."""
        origin_request = behavior.origin_request(request)
        viewer, mark = behavior.viewer, origin_request.mark
        onward = self.onward(behavior, origin_request)

        def relay(exchange: Exchange) -> Flow | None:
            exchange.decorator = viewer
            exchange.identity = identity = request_id()
            mark(identity)
            return onward(exchange, exchange)

        return relay

    def _cached(
        self, behavior: CompiledBehavior, request: Request, key: Key, exchange: Exchange
    ) -> Flow | None:
        cache = self.cache
        stored = cache.get(key)
        now = self.now()
        use = use_of(stored, now)
        if stored is not None and use is not Use.ASK:
            cache.hits += 1
            if use is Use.SERVE_AND_REFRESH:
                self._refresh(behavior, request, key, stored)
            serve(behavior, request, exchange, stored, ERROR if stored.error else HIT, now)
            return None
        cache.misses += 1
        if asks_alone(request, stored):
            return Fetch(self, behavior, request, exchange, key, stored).start()
        under_way = cache.fetches.get(key)
        if under_way is not None:
            return under_way.join(behavior, request, exchange, self._ask)
        fetch = Fetch(self, behavior, request, exchange, key, stored)
        cache.fetches[key] = fetch.waiting
        return fetch.start()

    def _refresh(
        self, behavior: CompiledBehavior, request: Request, key: Key, stored: Stored
    ) -> None:
        """Fetch a stale response again in the background (`stale-while-revalidate`)."""
        if key in self.cache.fetches:
            return
        plain = request.but(method=b"GET") if request.method == b"HEAD" else request
        fetch = Fetch(self, behavior, plain, None, key, stored)
        self.cache.fetches[key] = fetch.waiting
        fetch.start()

    # Calls of a fetch.

    def ask(
        self, behavior: CompiledBehavior, request: Request, exchange: Exchange | None, sink: Sink
    ) -> Flow | None:
        """Send a request to the behavior's origin."""
        return self.onward(behavior, request)(exchange, sink)

    def onward(self, behavior: CompiledBehavior, request: Request) -> Onward:
        """How the behavior's origin handles a request."""
        origin = self.origins[behavior.origin_id]
        if origin is not None:
            return origin.onward(request)
        page = cloudfront_page(
            NO_ORIGIN, f"The origin {behavior.origin_id} is not simulated: it is not a load "
            "balancer of these definitions with a listener at its port.",
        )  # fmt: skip
        head_only = request.method == b"HEAD"
        return lambda exchange, sink: answer(sink, page, head_only=head_only)  # noqa: ARG005

    def _ask(self, waiting: Waiting) -> None:
        """Ask the origin for a viewer that another viewer's fetch could not serve."""
        flow = Fetch(self, waiting.behavior, waiting.request, waiting.exchange).start()
        if flow is not None:
            waiting.exchange.flow = flow

    # Errors.

    def _reject(
        self, behavior: CompiledBehavior, request: Request, exchange: Exchange, page: Response
    ) -> None:
        if self.errors.replaces(page.status):
            self.replace(page.status, behavior, request, exchange, None, None)
        else:
            show_page(behavior, exchange, page)

    def replace(
        self,
        status: int,
        behavior: CompiledBehavior,
        request: Request,
        exchange: Exchange,
        key: Key | None,
        lifetime: Lifetime | None,
    ) -> None:
        """Answer with the custom error page, fetched by the behavior that its path matches ("How
        CloudFront processes errors when you have configured custom error pages")."""
        custom = self.errors[status]
        path = (custom.response_page_path or "/").encode()
        page_request = page_for(path, request)
        page_behavior = self.choices.behavior(path)
        shown_status = custom.response_code or status

        def done(page: Stored | None) -> None:
            if exchange.status or exchange.flow is not holder:
                return
            if page is None:
                text = "The custom error page could not be fetched from the origin."
                show_page(behavior, exchange, cloudfront_page(status, text))
                return
            stored = replace(
                page,
                status=shown_status,
                reason=reason(shown_status),
                stands_for_error=True,
            )
            if key is not None and lifetime is not None:
                stored.lifetime = lifetime
                self.cache.put(key, stored)
            serve(behavior, request, exchange, stored, ERROR, self.now())

        holder = ErrorPage(done, self.cache.object_limit, self.now)
        exchange.flow = holder
        key_of_page = page_behavior.key.of(page_request)
        known = self.cache.get(key_of_page) if page_behavior.caches else None
        if known is not None and not known.error and known.fresh(self.now()):
            done(known)
            return
        origin_request = page_behavior.origin_request(page_request)
        origin_request.mark(request_id())
        holder.flow = self.ask(page_behavior, origin_request, None, holder)


def _for_another_host(exchange: Exchange) -> None:
    exchange.blocked_by, exchange.cache_result = "host", "Error"
    exchange.respond(ANOTHER_HOST)


def _too_long(exchange: Exchange) -> None:
    exchange.respond(TOO_LONG)


def page_for(path: bytes, request: Request) -> Request:
    """The request for a custom error page that replaces a viewer's request."""
    return Request(b"GET", path, path, b"", b"1.1", [], {}, request.client)
