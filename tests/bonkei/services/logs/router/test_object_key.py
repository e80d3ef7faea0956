"""Object keys in the form that pipeline/outputs/s3 documents."""

from __future__ import annotations

import pytest

from bonkei.services.logs.router.outputs.encoding import make_key


@pytest.mark.parametrize(
    ("form", "key"),
    [
        ("/access/%Y/%m/%d/%H/%M-%S-$UUID.gz", "access/2026/11/26/12/00-00-Ab3dEf9h.gz"),
        ("/app/%H", "app/12-objectAb3dEf9h"),
    ],
)
def test_keys(form: str, key: str) -> None:
    assert make_key(form, 1795694400.0, "Ab3dEf9h") == key
