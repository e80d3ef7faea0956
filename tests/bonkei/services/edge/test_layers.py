"""A request through CloudFront, the web ACL and the load balancer to a target, and back."""

from __future__ import annotations

import re

from tests.bonkei.services.edge.definitions import SECRET, stack
from tests.bonkei.services.edge.support import Target, ok, running, serving


async def test_a_request_passes_all_layers() -> None:
    async with running(stack()) as edge, Target(ok(b"web")) as web, Target(ok(b"api")) as api:
        await edge.join("web", web)
        await edge.join("api", api)
        page = await edge.get("/", kind="distribution")
        assert (page.status, page.body) == (200, b"web")
        data = await edge.get("/api/v1/status?a=1", kind="distribution")
        assert (data.status, data.body) == (200, b"api")
        seen = api.requests[0]
        assert seen.target == "/api/v1/status?a=1"
        assert seen.get("X-Origin-Verify") == SECRET
        assert seen.get("X-Forwarded-For") == "127.0.0.1, 127.0.0.1"
        assert seen.get("X-Forwarded-Proto") == "http"
        assert seen.get("X-Forwarded-Port") == "80"
        assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", seen.get("X-Amzn-Trace-Id") or "")
        assert page.get("X-Cache") == "Miss from cloudfront"
        assert page.get("Via") == "1.1 d1.cloudfront.net (CloudFront)"


async def test_a_request_that_bypasses_cloudfront_is_refused_by_the_web_acl() -> None:
    async with serving(stack()) as (edge, _):
        refused = await edge.get("/")
        assert refused.status == 403
        assert refused.get("Server") == "awselb/2.0"
        assert b"403 Forbidden" in refused.body
        allowed = await edge.get("/", ("X-Origin-Verify", SECRET))
        assert allowed.status == 200
        (acl,) = edge.edge.snapshot().web_acls
        counts = {rule.name: (rule.allowed, rule.blocked) for rule in acl.rules}
        assert counts == {"verify": (1, 0), "Default_Action": (0, 1)}


async def test_a_viewer_cannot_send_the_secret_header() -> None:
    """CloudFront replaces a viewer's header by the origin's custom header ("Add custom headers
    to origin requests", Amazon CloudFront Developer Guide).
    """
    async with serving(stack()) as (edge, web):
        await edge.get("/", ("x-origin-verify", "guess"), kind="distribution")
        assert web.requests[0].all("X-Origin-Verify") == [SECRET]
