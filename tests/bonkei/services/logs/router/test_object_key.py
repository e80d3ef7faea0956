"""Object keys in the form that pipeline/outputs/s3 documents."""

from __future__ import annotations

import pytest

from bonkei.services.logs.router.outputs.object_key import make_key


@pytest.mark.parametrize(
    ("format_", "tag", "key"),
    [
        (
            "/$TAG[2]/$TAG[0]/%Y/%m/%d/%H/%M/%S/$UUID.gz",
            "my_app_name-logs.prod",
            "prod/my_app_name/2026/11/26/12/00/00/Ab3dEf9h.gz",
        ),
        ("/$TAG/%H", "app", "app/12-objectAb3dEf9h"),
        ("/$TAG[9]x/$INDEX/$UUID", "app", "x/7/Ab3dEf9h"),
    ],
)
def test_keys(format_: str, tag: str, key: str) -> None:
    assert make_key(format_, tag, 1795694400.0, ".-", "Ab3dEf9h", index=7) == key
