"""MiniStack's server speaks HTTP/1.1 alone, and a client that would like another one gets that."""

from __future__ import annotations

import over_http
import pytest

from tests.bonkei.services.endpoint.rigs import Rig


@pytest.mark.parametrize("protocol", ["h2c", "websocket"])
def test_a_client_that_offers_another_protocol_is_answered(rig: Rig, protocol: str) -> None:
    """As Java's client does with each request."""
    s3 = rig.client("s3")
    s3.put_object(Bucket="shop", Key="offered", Body=b"plain")
    url = s3.generate_presigned_url("get_object", {"Bucket": "shop", "Key": "offered"})
    offer = {
        "Connection": "Upgrade, HTTP2-Settings",
        "Upgrade": protocol,
        "HTTP2-Settings": "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
    }
    answer = over_http.get(url, headers=offer, timeout=60)
    s3.delete_object(Bucket="shop", Key="offered")
    assert (answer.status_code, answer.content) == (200, b"plain")
