"""The entrance of the registry: the declared repositories, their policies, and permissions."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

from bonkei.base import kept
from bonkei.base.arn import Arn
from bonkei.base.aws_service import Asks, Caller
from bonkei.blueprint.ecr import Repository
from bonkei.services.ecr.errors import RegistryError, name_unknown
from bonkei.services.ecr.lifecycle import expired
from bonkei.services.ecr.manifest import digest_of
from bonkei.services.ecr.names import read_reference
from bonkei.services.ecr.store import ImageStore
from bonkei.services.ecr.tokens import Tokens
from bonkei.services.ecr.unpacking import Unpacked, tidy, unpack
from bonkei.services.ecr.uploads import Uploads
from bonkei.services.ecr.values import Contents, Image

_FORGOTTEN = "or remove it: the repositories that calls have made are forgotten"


def _repositories(document: Mapping[str, Any]) -> dict[str, Repository]:
    return {
        name: Repository(**{**each, "scan_filters": (), "policy": ()})
        for name, each in document.items()
    }


class Registry:
    """`home`: its folder. `key`: the home's secret. `asks`: IAM's decisions."""

    def __init__(
        self,
        home: Path,
        key: Callable[[], bytes],
        asks: Asks,
        report: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._home = home
        self._asks = asks
        self._report = report
        self._clock = clock
        self._declared: Mapping[str, Repository] = {}
        self._made: dict[str, Repository] = {}
        self._hearing: list[Callable[[Repository, Image], None]] = []
        self.store = ImageStore(home, clock)
        self.uploads = Uploads(self.store)
        self._key = key

    def follow(self, repositories: Sequence[Repository]) -> None:
        """Follow the declared repositories, beside those that calls have made. Removed ones lose
        their images."""
        self.store.open()
        self._declared = {each.name: each for each in repositories}
        self._made = kept.read_json(self._made_file, _repositories, _FORGOTTEN) or {}
        self.store.keep_only(self._declared.keys() | self._made.keys())
        for name in self._declared:
            self.expire(name)
        tidy(self._home / "unpacked")

    def hear(self, listener: Callable[[Repository, Image], None]) -> None:
        """Call `listener` for each image that is pushed and stays."""
        self._hearing.append(listener)

    @cached_property
    def tokens(self) -> Tokens:
        return Tokens(self._key())

    @property
    def repositories(self) -> Sequence[Repository]:
        return tuple((self._made | dict(self._declared)).values())

    def repository(self, name: str) -> Repository:
        """Raises RegistryError (NAME_UNKNOWN) when it is neither declared nor made by a call."""
        found = self._declared.get(name) or self._made.get(name)
        if found is None:
            raise name_unknown(name, self.account)
        return found

    def make(self, repository: Repository) -> None:
        """Keep a repository that a call makes, also after a restart."""
        self._keep(self._made | {repository.name: repository})

    def remove(self, name: str) -> None:
        """Remove a repository and its images. A declared one is back with the next `follow`."""
        self._declared = {key: each for key, each in self._declared.items() if key != name}
        self._keep({key: each for key, each in self._made.items() if key != name})
        self.store.keep_only(self._declared.keys() | self._made.keys())

    def _keep(self, made: dict[str, Repository]) -> None:
        self._made = made
        kept.write_json(self._made_file, {name: asdict(each) for name, each in made.items()})

    @property
    def _made_file(self) -> Path:
        return self._home / "made.json"

    @property
    def account(self) -> str:
        arns = [each.arn for each in self.repositories]
        return Arn.of(arns[0]).account if arns else ""

    def who(self, authorization: str) -> Caller:
        """Raises RegistryError (UNAUTHORIZED) for a password that is not ours or is too old."""
        caller = self.tokens.read(authorization, self._clock())
        if caller is None:
            raise RegistryError(
                "UNAUTHORIZED",
                "Your authorization token has expired. Reauthenticate and try again."
                if authorization
                else "no basic auth credentials",
                401,
            )
        return caller

    def permit(self, caller: Caller, action: str, name: str) -> None:
        """Raises RegistryError (DENIED) with IAM's message. Without a role, the caller is a
        person."""
        arn = self.repository(name).arn
        if caller.role:
            session = caller.arn.rpartition("/")[2]
            if denial := self._asks.role(caller.role, session, f"ecr:{action}", arn):
                raise RegistryError("DENIED", denial, 403)

    def push(self, name: str, body: bytes, media_type: str, tag: str) -> Image:
        """Raises RegistryError for an existing tag in an immutable repository."""
        repository = self.repository(name)
        before = self.store.contents(name).tags.get(tag)
        if repository.immutable and before not in (None, digest_of(body)):
            raise RegistryError(
                "TAG_INVALID",
                f"The image tag '{tag}' already exists in the '{name}' repository and cannot be "
                "overwritten because the tag is immutable.",
            )
        image = self.store.put_manifest(name, body, media_type, tag)
        self.expire(name)
        if image.digest in self.store.contents(name).images:
            for listener in self._hearing:
                listener(repository, image)
        return image

    def expire(self, name: str) -> None:
        """Apply the repository's lifecycle policy. On AWS, this takes up to a day."""
        policy = self.repository(name).lifecycle_policy
        if gone := expired(policy, self.store.contents(name), self._clock()):
            self.store.delete(name, gone)
            self._report(f"{name}: its lifecycle policy expired {len(gone)} of its images")

    def contents(self, name: str) -> Contents:
        self.repository(name)
        return self.store.contents(name)

    # For the tasks.

    def find(self, image: str) -> Image | None:
        """The image named by a task definition's `image`; None if it is not in this registry."""
        try:
            reference = read_reference(image)
        except RegistryError:
            return None
        known = self._declared.keys() | self._made.keys()
        if not reference.is_ecr or reference.name not in known:
            return None
        return self.store.contents(reference.name).find(reference.wanted)

    def digest(self, image: str) -> str:
        """The digest of the image named by a task definition's `image`; empty if it is not in this
        registry."""
        found = self.find(image)
        return found.digest if found else ""

    def prepare(self, image: Image) -> None:
        """Unpack a new image, in a thread: the tasks that will run from it do not wait then. One
        that cannot be unpacked is named when a task wants it."""
        with suppress(RegistryError):
            unpack(self.store, image, self._home / "unpacked")

    def files(self, image: str, architecture: str = "") -> Unpacked | None:
        """An image's files; None when it is not in this registry. Raises RegistryError when it
        cannot be unpacked. `architecture`: which image of an index; empty: this machine's."""
        found = self.find(image)
        if found is None:
            return None
        return unpack(self.store, found, self._home / "unpacked", architecture)
