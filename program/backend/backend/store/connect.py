"""libpq's parameters for a connection."""

from __future__ import annotations

from typing import Any

from backend.settings import DatabaseSettings

CONNECT_SECONDS = 3
STATEMENT_MILLISECONDS = 4_000
LOCK_MILLISECONDS = 3_000


def connect_arguments(settings: DatabaseSettings) -> dict[str, Any]:
    """TLS, and a time-out for each wait, also for a network that has gone silent."""
    return {
        **settings.tls,
        "application_name": "backend",
        "client_encoding": "utf8",
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": STATEMENT_MILLISECONDS,
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
        "options": f"-c timezone=UTC -c statement_timeout={STATEMENT_MILLISECONDS}"
        f" -c lock_timeout={LOCK_MILLISECONDS} -c idle_in_transaction_session_timeout=10000",
    }
