"""Pages of long answers."""

from __future__ import annotations

import pytest

from bonkei.base.aws_service import AwsCall, AwsServiceError, Caller
from bonkei.base.paging import page, page_of


def test_a_page_whose_items_are_gone_by_now_is_empty() -> None:
    """As on AWS: a client that deletes what each page lists reaches the end."""
    shown, token = page(range(4), None, 2)
    assert shown == [0, 1]
    assert page(range(2), token, 2) == ([], None)


@pytest.mark.parametrize("token", ["2", "x", "-00000001", "0000000002", "٣" * 9])
def test_an_invented_token_is_refused(token: str) -> None:
    with pytest.raises(AwsServiceError) as caught:
        page(range(9), token, 2, "InvalidToken")
    assert caught.value.code == "InvalidToken"


def test_an_answer_has_the_size_that_was_asked_for_and_the_names_of_its_service() -> None:
    call = AwsCall("x", "List", {"Limit": 3}, Caller("a", "b", "c"), "us-east-1", 0.0)
    assert page_of(call, "Rules", range(5), 100, "Invalid") == {
        "Rules": [0, 1, 2],
        "NextToken": "000000003",
    }
    assert page_of(call, "ids", [1], 100, "Invalid") == {"ids": [1], "nextToken": None}
