"""Checks whether a cluster's address is free, with a remedy if not."""

from __future__ import annotations

import errno
import socket

from bonkei.services.rds.errors import DatabaseError


def check_port(host: str, port: int) -> None:
    """Raises DatabaseError, with a remedy, if the address cannot be bound."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise listen_error(host, port, error) from error


def listen_error(host: str, port: int, error: OSError) -> DatabaseError:
    """Turn a failed bind of `host` and `port` into an error with a remedy."""
    if error.errno == errno.EADDRINUSE:
        return DatabaseError(
            f"port {port} on {host} is taken",
            remedy=f"end the program that listens there (find it with: lsof -i :{port})",
        )
    return DatabaseError(
        f"cannot listen on {host}:{port}: {error.strerror}",
        remedy="choose another port for the cluster",
    )
