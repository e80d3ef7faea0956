"""Settings, and what the server loads for them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from frontend.settings import Settings, SettingsError, read_settings

from tests.program.frontend.process import PROGRAM

SECRET = "x" * 32
NEEDED = {"BACKEND_URL": "http://backend:8000", "SESSION_SECRET": SECRET}


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Those of this process, without any setting of the frontend."""
    for name in Settings.__dataclass_fields__:
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_every_fault_is_named_and_no_value_is_shown(variables: pytest.MonkeyPatch) -> None:
    wrong = {
        "SESSION_SECRET": "short-and-secret",
        "PORT": "70000",
        "LOG_LEVEL": "a-password",
        "KEEP_ALIVE_SECONDS": "soon",
        "PUBLIC_URL": "status.example.com",
    }
    for name, value in wrong.items():
        variables.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        read_settings()
    message = str(raised.value)
    assert [part.partition(":")[0] for part in message.split("; ")] == [
        "BACKEND_URL",
        "SESSION_SECRET",
        "PORT",
        "KEEP_ALIVE_SECONDS",
        "LOG_LEVEL",
        "PUBLIC_URL",
    ]
    assert not [value for value in wrong.values() if value in message]


def test_settings_are_read_and_empty_ones_keep_their_defaults(
    variables: pytest.MonkeyPatch,
) -> None:
    told = NEEDED | {"PORT": "0", "LOG_LEVEL": "debug", "PUBLIC_URL": "", "SITE_NAME": "Ünï"}
    for name, value in told.items():
        variables.setenv(name, value)
    assert read_settings() == Settings(
        backend_url="http://backend:8000",
        session_secret=SECRET,
        port=0,
        log_level="DEBUG",
        site_name="Ünï",
    )


def test_the_secret_is_not_shown() -> None:
    assert SECRET not in repr(Settings(backend_url="http://b", session_secret=SECRET))


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        (None, ""),
        ("https://status.example.com", "https://status.example.com"),
        ("https://Status.example.com:443/", "https://status.example.com"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:443", "http://127.0.0.1:443"),
        ("https://example.com/Status/", "https://example.com/Status"),
    ],
)
def test_the_public_origin_is_as_a_browser_writes_it(url: str | None, origin: str) -> None:
    settings = Settings(backend_url="http://b", session_secret=SECRET, public_url=url)
    assert settings.public_origin == origin


def test_the_server_does_not_load_pydantic() -> None:
    """Each MiB is billed for each task, and pydantic takes ten."""
    program = "import frontend.settings, frontend.server, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=PROGRAM, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.split()
    assert "frontend.api.client" in loaded
    assert not {"pydantic", "pydantic_core"} & set(loaded)
