"""The environment of `bonkei aws`."""

from __future__ import annotations

from bonkei.cli.aws.command import of_the_user


def test_neither_a_real_account_nor_a_proxy_is_used() -> None:
    user = {"HOME": "/home/me", "LANG": "C.UTF-8"}
    others = dict.fromkeys(("AWS_PROFILE", "HTTP_PROXY", "https_proxy", "ALL_PROXY"), "x")
    assert of_the_user({**user, **others}) == user
