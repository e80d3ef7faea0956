"""One trace, as AWS X-Ray, W3C and request ids write it."""

from __future__ import annotations

from bonkei.miniature.requests.traces import ids_of, spellings, trace_of, xray
from bonkei.services.edge.http.message import header

XRAY = "1-5759e988-bd862e3fe1be46a994272793"
W3C = "5759e988bd862e3fe1be46a994272793"


def test_the_forms_of_a_trace_id_are_one() -> None:
    """ "Sending trace data to AWS X-Ray": X-Ray's id `1-5759e988-bd862e3fe1be46a994272793`, and
    "Tracing header": `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`.
    https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
    """
    assert trace_of(f"Root={XRAY};Parent=53995c3f42cd8ad8;Sampled=1") == W3C
    assert trace_of(f"Self=1-5759e988-{'0' * 24};Root={XRAY}") in (W3C, "5759e988" + "0" * 24)
    assert trace_of(f"00-{W3C}-53995c3f42cd8ad8-01") == W3C
    assert xray(W3C) == XRAY
    for odd in ("", "Root=1-xyz", W3C, f"00-{W3C}-1-01", "1-" * 1000):
        assert trace_of(odd) == ""


def test_a_request_is_known_by_all_of_its_ids() -> None:
    headers = [header(b"X-Request-Id", b"order-4711"), header(b"X-Other", b"order-9999")]
    ids = ids_of(headers, f"Root={XRAY}")
    assert ids == {W3C, "order-4711"}
    assert spellings(ids) == {W3C, XRAY, "order-4711"}
    assert ids_of([header(b"X-Request-Id", b"1")], "") == frozenset()  # too short to mean it
    assert ids_of([header(b"traceparent", f"00-{W3C}-53995c3f42cd8ad8-01".encode())], "") == {W3C}
