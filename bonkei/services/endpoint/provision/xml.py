"""A document of S3's API as XML."""

from __future__ import annotations

from html import escape
from typing import Any

from bonkei.blueprint.s3 import Document

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_SCHEMA = "http://www.w3.org/2001/XMLSchema-instance"


def render(root: str, document: Document) -> str:
    """A name that begins with @ is an attribute. None is left out."""
    return f'<{root} xmlns="{_NAMESPACE}">{_children(document)}</{root}>'


def _children(document: Document) -> str:
    return "".join(
        _element(name, item)
        for name, value in document.items()
        if not name.startswith("@")
        for item in (value if isinstance(value, list | tuple) else (value,))
        if item is not None
    )


def _element(name: str, value: Any) -> str:
    if not isinstance(value, dict):
        text = str(value).lower() if isinstance(value, bool) else _number(value)
        return f"<{name}>{escape(text, quote=False)}</{name}>"
    attributes = "".join(
        f' {each[1:]}="{escape(str(text))}"' for each, text in value.items() if each[0] == "@"
    )
    schema = f' xmlns:xsi="{_SCHEMA}"' if "xsi:" in attributes else ""
    return f"<{name}{schema}{attributes}>{_children(value)}</{name}>"


def _number(value: object) -> str:
    """Terraform's state sometimes has 30.0 for 30."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
