"""The parts of a request that cache policies and origin request policies select.

"Understand cache policies" and "Understand origin request policies" (Amazon CloudFront Developer
Guide): the parts of the cache key are sent to the origin too. Header names ignore case; cookies and
query strings are case-sensitive.
"""

from __future__ import annotations

from bonkei.blueprint.cloudfront import Selection
from bonkei.services.edge.http.pattern import Predicate


def selects(selection: Selection | None, *, ignore_case: bool = False) -> Predicate:
    """A test whether a name is selected. With `ignore_case` it expects lower case."""
    if selection is None or selection.behavior == "none":
        return lambda name: False  # noqa: ARG005
    if selection.behavior == "all":
        return lambda name: True  # noqa: ARG005
    names = frozenset((name.lower() if ignore_case else name).encode() for name in selection.names)
    if selection.behavior == "whitelist":
        return names.__contains__
    return lambda name: name not in names


def either(first: Selection | None, second: Selection | None, *, ignore_case: bool) -> Predicate:
    """A test whether one of two policies selects a name."""
    a = selects(first, ignore_case=ignore_case)
    b = selects(second, ignore_case=ignore_case)
    return lambda name: a(name) or b(name)


def takes_all(*selections: Selection | None) -> bool:
    """Whether one of the policies selects everything."""
    return any(each is not None and each.behavior == "all" for each in selections)


def takes_none(*selections: Selection | None) -> bool:
    """Whether none of the policies selects anything."""
    return all(each is None or each.behavior == "none" for each in selections)


def filter_query(query: bytes, wanted: Predicate) -> bytes:
    """The arguments that are wanted, in their order."""
    return b"&".join(
        argument for argument in query.split(b"&") if wanted(argument.partition(b"=")[0])
    )


def filter_cookies(cookie: bytes, wanted: Predicate) -> bytes:
    """The cookies that are wanted, in their order."""
    pairs = (pair.strip() for pair in cookie.split(b";"))
    return b"; ".join(pair for pair in pairs if wanted(pair.partition(b"=")[0]))


def accepted_encoding(value: bytes | None, *, gzip: bool, brotli: bool) -> bytes:
    """The Accept-Encoding as CloudFront normalizes it: `br,gzip`, `br`, `gzip` or nothing
    ("Cache compressed objects")."""
    if not value or not (gzip or brotli):
        return b""
    accepted = set()
    for part in value.lower().split(b","):
        coding, _, parameters = part.partition(b";")
        quality = parameters.replace(b" ", b"").removeprefix(b"q=")
        if quality.rstrip(b"0").rstrip(b".") not in (b"", b"0") or not parameters:
            accepted.add(coding.strip())
    codings = []
    if brotli and b"br" in accepted:
        codings.append(b"br")
    if gzip and b"gzip" in accepted:
        codings.append(b"gzip")
    return b",".join(codings)
