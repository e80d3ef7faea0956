"""Passwords: argon2id, off the event loop, few at a time."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, partial

import anyio
import argon2
from anyio import to_thread

from backend.domain.errors import ThrottledError

AT_ONCE = 2
# A few seconds' work on the smallest task. More would wait for too long, and the requests of
# guessers would pile up, here and at the database.
MOST_PRESENT = 25
RETRY_SECONDS = 5


def generated() -> str:
    """A generated password: 144 random bits."""
    return secrets.token_urlsafe(18)


HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Passwords:
    """Hashes with the first choice of OWASP's Password Storage Cheat Sheet: 19 MiB, 2 rounds, 1
    lane.

    Each hash costs tens of milliseconds of CPU and 19 MiB, and a task may have a quarter of a CPU
    and 512 MiB. So at most two run at the same time, and only a few others wait.
    """

    def __init__(self, hasher: argon2.PasswordHasher = HASHER) -> None:
        self._hasher = hasher
        self._limiter = anyio.CapacityLimiter(AT_ONCE)
        self._present = 0

    @contextmanager
    def present(self) -> Iterator[None]:
        """Take a place for one request with a password. Raises `ThrottledError` if all are
        taken."""
        if self._present >= MOST_PRESENT:
            raise ThrottledError(
                "too many sign in at the same time; try again in a few seconds",
                retry_after=RETRY_SECONDS,
            )
        self._present += 1
        try:
            yield
        finally:
            self._present -= 1

    async def hash(self, password: str) -> str:
        return await to_thread.run_sync(self._hasher.hash, password, limiter=self._limiter)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether `password` is right. Always false for None (no such account), after the same
        time."""
        check = partial(self._check, password_hash or self._nobodys, password)
        return await to_thread.run_sync(check, limiter=self._limiter) and password_hash is not None

    def hash_now(self, password: str) -> str:
        """Hash without an event loop, for commands."""
        return self._hasher.hash(password)

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash("nobody's password")

    def prepare(self) -> None:
        """Make the dummy hash now: else the first sign-in with an unknown name would take
        longer."""
        _ = self._nobodys

    def _check(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
