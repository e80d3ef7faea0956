"""The configuration of a server for one cache. Pure.

Format: https://valkey.io/topics/valkey.conf/, which Redis reads, too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from bonkei.blueprint.elasticache import Cache

CLUSTER = "nodes.conf"
"""The file with the state of a cluster."""
_BUS, _PORTS = 10000, 65536
_RESTRICTED = (
    *("bgrewriteaof", "bgsave", "config", "debug", "migrate"),
    *("psync", "replicaof", "save", "shutdown", "slaveof", "sync"),
)
"""Commands that ElastiCache does not have.
https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/RestrictedCommands.html"""
_PARAMETERS = {
    "activedefrag", "databases", "hz", "lazyfree-lazy-eviction", "lazyfree-lazy-expire",
    "maxmemory-policy", "maxmemory-samples", "notify-keyspace-events", "slowlog-log-slower-than",
    "slowlog-max-len", "tcp-keepalive", "timeout",
}  # fmt: skip
"""Parameters that mean the same on this machine. Others are of ElastiCache alone, or of its
machines."""
_USUAL = {"maxmemory-policy": "volatile-lru"}
"""ElastiCache's own defaults, where they are not those of the server.
https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html"""


def configuration(cache: Cache, host: str, directory: Path) -> str:
    """The text of it. It holds passwords, so it is for the server's standard input."""
    lines = [
        ("bind", host),
        ("port", str(cache.port)),
        ("protected-mode", "no"),  # it trusts 127.0.0.1 alone, and callers have other addresses
        ("dir", str(directory)),
        ("daemonize", "no"),
        *{**_USUAL, **{n: value for n, value in cache.parameters if n in _PARAMETERS}}.items(),
        *(("rename-command", name, "") for name in _RESTRICTED),
        *_access(cache),
    ]
    if cache.is_cluster:
        lines += [("cluster-enabled", "yes"), ("cluster-config-file", CLUSTER)]
        lines += [("cluster-port", str(_bus(cache)))]
    text = (" ".join([line[0], *map(_quoted, line[1:])]) for line in lines)
    # What a stop leaves, the next start reads. (The word `save` takes numbers without quotes.)
    return "\n".join([*text, "save 3600 1 300 100 60 10000"]) + "\n"


def cluster(cache: Cache, host: str) -> str:
    """The state of a cluster of one node, which has all slots."""
    node = hashlib.sha1(cache.arn.encode(), usedforsecurity=False).hexdigest()
    return (
        f"{node} {host}:{cache.port}@{_bus(cache)} myself,master - 0 0 1 connected 0-16383\n"
        "vars currentEpoch 1 lastVoteEpoch 0\n"
    )


def _bus(cache: Cache) -> int:
    """The port by which nodes would speak with each other."""
    return cache.port + (_BUS if cache.port + _BUS < _PORTS else -_BUS)


def unknown_parameters(cache: Cache) -> tuple[str, ...]:
    """The declared parameters that have no effect here."""
    known = _PARAMETERS | {"cluster-enabled"}  # which the group says, too
    return tuple(name for name, _ in cache.parameters if name not in known)


def _access(cache: Cache) -> Iterator[tuple[str, ...]]:
    """Who may sign in: with the token, as one of the users, or else everyone."""
    if cache.auth_token:
        yield "requirepass", cache.auth_token
    if cache.users and not any(user.name == "default" for user in cache.users):
        yield "user", "default", "off"
    for user in cache.users:
        passwords = [f">{each}" for each in user.passwords] or ["nopass"]
        yield ("user", user.name, "reset", *user.access.split(), *passwords)


def _quoted(word: str) -> str:
    return json.dumps(word, ensure_ascii=False)
