"""What an apply needs is not kept for as long as the miniature runs."""

from __future__ import annotations

from typing import Any

import pytest

from bonkei.definitions.provider import catalogue, schema
from bonkei.definitions.provider.addresses import AWS
from bonkei.miniature.applied import Definitions


class Applying:
    """A workspace whose apply reads the schemas, as the report about a plan does."""

    def __init__(self, failure: Exception | None = None) -> None:
        self._failure = failure

    def apply(self, **_: Any) -> Any:
        schema.type_of(catalogue.resource_schemas(AWS)["aws_s3_bucket"])
        if self._failure:
            raise self._failure
        return self

    def render(self) -> str:
        return "1 added"


def kept() -> int:
    return schema.load.cache_info().currsize + schema.type_of.cache_info().currsize


def test_the_schemas_are_not_kept_after_an_apply() -> None:
    assert Definitions(Applying()).apply(lambda _: None) == "1 added"  # type: ignore[arg-type]
    assert kept() == 0


def test_nor_after_one_that_fails() -> None:
    with pytest.raises(RuntimeError):
        Definitions(Applying(RuntimeError())).apply(lambda _: None)  # type: ignore[arg-type]
    assert kept() == 0
