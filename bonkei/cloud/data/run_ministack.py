"""Runs MiniStack, and lets it write its state whenever SIGUSR1 asks for it, not only at its end.

It runs in MiniStack's own environment, where nothing of Bonkei is installed. It uses MiniStack's
inner names: the version is locked, and tests hold each of them.
"""

import signal

from ministack import app
from ministack.services import kms, sqs

_ID = "bonkei:key-id"


def save(*_: object) -> None:
    """On the loop that changes the state, so that nothing changes meanwhile."""
    loop = app._MAIN_LOOP
    if loop is not None:
        loop.call_soon_threadsafe(_save)


def _save() -> None:
    app.save_all(app._build_persistence_save_dict())


def _keep_ids() -> None:
    """Let a tag say which id a new key gets, as its ARN is known from the definitions."""
    create = kms._create_key
    wanted: dict[str, str | None] = {}

    def create_key(data: dict[str, object]) -> object:
        tags = data.get("Tags") or []
        wanted["id"] = next((tag["TagValue"] for tag in tags if tag.get("TagKey") == _ID), None)
        data["Tags"] = [tag for tag in tags if tag.get("TagKey") != _ID]
        return create(data)

    original = kms.new_uuid

    def new_uuid() -> str:
        return wanted.pop("id", None) or original()

    kms._create_key, kms.new_uuid = create_key, new_uuid


def _name_queues_alike() -> None:
    """Queues are kept under their URLs: those must not hold a port that is another at each start.

    A client sees the address that it has called itself.
    """
    sqs.DEFAULT_HOST, sqs.DEFAULT_PORT = "localhost", "4566"
    sqs._CANONICAL_NETLOC = "localhost:4566"


if __name__ == "__main__":
    _keep_ids()
    _name_queues_alike()
    signal.signal(signal.SIGUSR1, save)
    app.main()
