"""A cluster's parameters as PostgreSQL's configuration, and the parameters that cannot apply
here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

AURORA_LOG_LINE_PREFIX = "%t:%r:%u@%d:[%p]:"

# These depend on the machine's size, and this machine has a different one.
_OF_THE_MACHINE = {
    "shared_buffers", "huge_pages", "huge_page_size", "effective_cache_size",
    "maintenance_work_mem", "autovacuum_work_mem", "max_worker_processes", "max_parallel_workers",
    "shared_memory_type", "wal_buffers", "max_wal_size", "min_wal_size",
}  # fmt: skip
# Set by the miniature: addresses, data and logs.
_OF_THE_MINIATURE = {
    "listen_addresses", "port", "data_directory", "hba_file", "ident_file", "config_file",
    "unix_socket_directories", "log_destination", "logging_collector", "log_directory",
    "log_filename", "log_line_prefix", "ssl", "ssl_cert_file", "ssl_key_file", "ssl_ca_file",
    "fsync", "full_page_writes", "synchronous_standby_names", "primary_conninfo",
    "restore_command", "archive_command", "archive_mode", "external_pid_file", "wal_level",
    "wal_keep_size", "max_wal_senders",
}  # fmt: skip
_NO_TLS = {"rds.force_ssl", "ssl", "ssl_min_protocol_version", "ssl_max_protocol_version"}
KEPT_SEGMENTS = 16
"""Of the write-ahead log, 16 MiB each, for restores to a point in time. PostgreSQL may take four
times as much for itself (max_wal_size)."""
MOST_CONNECTIONS = 1000
USUAL_CONNECTIONS = 500
_CONNECTIONS = "200"
_USUAL_LOCKS = 64  # a transaction
_LEAST_LOCKS = 10
_ALL_LOCKS = 100 * _USUAL_LOCKS
LOCKS = ("max_locks_per_transaction", "max_pred_locks_per_transaction")
"""They follow from `max_connections`, unless they are declared."""
_REFUSED = re.compile(
    r'(?:invalid value for parameter|unrecognized configuration parameter|parameter) "([^"]+)"'
    r"|^.*?(?:LOG|FATAL|ERROR): +([\w.]+) .*outside the valid range",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Settings:
    """`values` go into postgresql.conf. `notes` list the other parameters, with the reason."""

    values: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for name, _ in self.values)

    def without(self, names: frozenset[str], reason: str) -> Settings:
        """The same without some names; a note is added for each."""
        dropped = [name for name, _ in self.values if name in names]
        return Settings(
            tuple((name, value) for name, value in self.values if name not in names),
            (*self.notes, *(f"parameter {name} is not applied: {reason}" for name in dropped)),
        )


def translate(parameters: Mapping[str, str], libraries: frozenset[str]) -> Settings:
    """The parameters for PostgreSQL's configuration. `libraries`: names of loadable modules."""
    values: dict[str, str] = {}
    notes: list[str] = []
    for name, value in sorted(parameters.items()):
        if reason := _refusal(name, value, libraries):
            notes.append(f"parameter {name} is not applied: {reason}")
        elif name == "shared_preload_libraries":
            wanted = [word.strip() for word in value.split(",") if word.strip()]
            values[name] = ",".join(word for word in wanted if word in libraries)
            notes += [
                f"shared library {word} is not loaded: it does not come with PostgreSQL"
                for word in wanted
                if word not in libraries
            ]
        else:
            values[name] = value
    return Settings(tuple(values.items()), tuple(notes))


def _refusal(name: str, value: str, libraries: frozenset[str]) -> str:
    if name in _NO_TLS:
        return "the server of the miniature has no TLS; clients connect in plain text on loopback"
    if name in _OF_THE_MINIATURE:
        return "the miniature sets it"
    if name in _OF_THE_MACHINE or "{" in value:
        return "it is sized for the machine of the cluster"
    if name == "max_connections" and not (value.isdecimal() and int(value) <= MOST_CONNECTIONS):
        return f"this machine allows up to {MOST_CONNECTIONS}"
    prefix, dot, _ = name.partition(".")
    if dot and prefix not in libraries:
        return "PostgreSQL outside RDS does not know it"
    return ""


def refused_names(output: str) -> frozenset[str]:
    """The parameters that PostgreSQL rejected when it read its configuration."""
    return frozenset(m[1] or m[2] for m in _REFUSED.finditer(output))


def configuration(host: str, port: int, settings: Settings, sockets: str = "") -> str:
    """The whole postgresql.conf. Durable: fsync, full_page_writes stay on. `sockets`: the directory
    of its socket, in place of its address."""
    wanted = dict(settings.values)
    locks = _locks(wanted.get("max_connections", _CONNECTIONS))
    values = {
        "listen_addresses": "" if sockets else host,
        "port": str(port),
        "unix_socket_directories": sockets,
        "password_encryption": "scram-sha-256",
        "max_connections": _CONNECTIONS,
        "shared_buffers": "16MB",  # the system's cache has the rest
        **dict.fromkeys(LOCKS, locks),
        "io_method": "sync",  # as before PostgreSQL 18: three processes less
        # One less: RDS subscribes only with rds.logical_replication, which is refused.
        "max_logical_replication_workers": "0",
        "wal_keep_size": f"{16 * KEPT_SEGMENTS}MB",
        "dynamic_shared_memory_type": "posix",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_destination": "stderr",
        "logging_collector": "off",
        "log_line_prefix": AURORA_LOG_LINE_PREFIX,
        **wanted,
    }
    lines = [f"{name} = {_quote(value)}" for name, value in values.items()]
    return "# Written at each start; changes here are lost.\n" + "\n".join(lines) + "\n"


def _locks(connections: str) -> str:
    """`max_locks_per_transaction`, so that the server can hold as many locks as with PostgreSQL's
    own values of both. They cost memory that the server fills at its start: 9 MiB with 450
    connections and PostgreSQL's value."""
    most = int(connections) if connections.isdecimal() else int(_CONNECTIONS)
    return str(max(_LEAST_LOCKS, min(_USUAL_LOCKS, -(-_ALL_LOCKS // max(1, most)))))


def _quote(value: str) -> str:
    clean = value.replace("\n", " ").replace("\r", " ").replace("\0", "")
    return "'" + clean.replace("\\", "\\\\").replace("'", "''") + "'"


ACCESS = """\
# Written at each start; changes here are lost. Loopback only, and never without a password.
# If there is a socket, only the relay may open it, and asks for a token itself.
local replication rdsadmin scram-sha-256
local all +rds_superuser scram-sha-256
local all +rds_iam trust
local all all scram-sha-256
host replication rdsadmin 127.0.0.0/8 scram-sha-256
host all all 127.0.0.0/8 scram-sha-256
host all all ::1/128 scram-sha-256
"""
