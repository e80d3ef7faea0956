"""No setting of a real account survives `eval "$(bonkei aws env)"`, nor reaches `bonkei aws`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import botocore.loaders
import botocore.session
import pytest

from bonkei.cli.aws.command import alone, exports

MINIATURE = "http://127.0.0.1:1"
FOUND = {
    "AWS_ENDPOINT_URL": MINIATURE,
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "AKIAMINIATURE",
    "AWS_SECRET_ACCESS_KEY": "the miniature's",
}
MODELS = botocore.loaders.create_loader()
REAL = "aws_access_key_id = AKIAREAL\naws_secret_access_key = real\n"
SERVICES = "services = mine\n[services mine]\ns3 =\n  endpoint_url = https://s3.amazonaws.com\n"

WAYS: dict[str, tuple[str, str, Mapping[str, str]]] = {
    "an endpoint that is ignored": ("[default]\nignore_configured_endpoint_urls = true\n", "", {}),
    "the same in a profile": (
        "[profile work]\nignore_configured_endpoint_urls = true\n", "", {"AWS_PROFILE": "work"}),
    "services of the configuration": (f"[default]\n{SERVICES}", "", {}),
    "keys of the configuration": (f"[default]\n{REAL}", f"[default]\n{REAL}", {}),
    "a profile": (
        "[profile work]\nregion = us-east-1\n", f"[work]\n{REAL}", {"AWS_PROFILE": "work"}),
    "a profile by its old name": ("", f"[work]\n{REAL}", {"AWS_DEFAULT_PROFILE": "work"}),
    "a profile that is not there": ("", "", {"AWS_PROFILE": "gone"}),
    "a process": ("[default]\ncredential_process = /bin/false\n", "", {}),
    "single sign-on": (
        "[default]\nsso_start_url = https://a.test\nsso_account_id = 1\n", "", {}),
    "another configuration": ("", "", {"AWS_CONFIG_FILE": "~/.aws/other"}),
    "the token of a session": ("", "", {"AWS_SESSION_TOKEN": "real"}),
    "the token by its old name": ("", "", {"AWS_SECURITY_TOKEN": "real"}),
    "a container": (
        "", "", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:2/",
                 "AWS_CONTAINER_AUTHORIZATION_TOKEN": "real"}),
    "a task": ("", "", {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/a"}),
    "the machine": ("", "", {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:2/"}),
    "a web identity": (
        "", "", {"AWS_ROLE_ARN": "arn:aws:iam::1:role/a", "AWS_WEB_IDENTITY_TOKEN_FILE": "/t"}),
    "an endpoint of one service": ("", "", {"AWS_ENDPOINT_URL_S3": "https://s3.amazonaws.com",
                                            "AWS_ENDPOINT_URL_STS": "https://a.test"}),
    "endpoints are ignored": ("", "", {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}),
    "other kinds of endpoints": (
        "[default]\nuse_dualstack_endpoint = true\n", "", {"AWS_USE_FIPS_ENDPOINT": "true"}),
    "a bearer's token": ("", "", {"AWS_BEARER_TOKEN_BEDROCK": "real"}),
}  # fmt: skip


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "person" / ".aws").mkdir(parents=True)
    return tmp_path / "person", tmp_path / "cloud"


def _user(person: Path, way: str) -> dict[str, str]:
    config, credentials, variables = WAYS[way]
    folder = person / ".aws"
    (folder / "config").write_text(config, encoding="utf-8")
    (folder / "credentials").write_text(credentials, encoding="utf-8")
    other = "[default]\nignore_configured_endpoint_urls = true\nregion = us-east-1\n"
    (folder / "other").write_text(other, encoding="utf-8")
    return {
        "HOME": str(person),
        "PATH": os.environ["PATH"],
        **variables,
    }


def _shell(script: str, environment: Mapping[str, str]) -> dict[str, str]:
    """What a shell has exported when it has evaluated the lines."""
    done = subprocess.run(
        ["/bin/sh", "-euc", 'eval "$0"; exec env -0', script],
        env=dict(environment), capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return dict(each.split("=", 1) for each in done.stdout.split("\0") if each)


def _resolved(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> object:
    """What an SDK makes of an environment: its addresses, its keys, its region."""
    for name in os.environ:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    session = botocore.session.Session()
    session.register_component("data_loader", MODELS)
    keys = session.get_credentials().get_frozen_credentials()
    urls = {session.create_client(each).meta.endpoint_url for each in ("s3", "sts")}
    assert session.get_config_variable("region") == "eu-west-1"
    return urls, keys.access_key, keys.secret_key, keys.token


@pytest.mark.parametrize("way", WAYS)
def test_a_shell_and_the_aws_command_reach_the_miniature_alone(
    places: tuple[Path, Path], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, cloud = places
    mine = {MINIATURE}, FOUND["AWS_ACCESS_KEY_ID"], FOUND["AWS_SECRET_ACCESS_KEY"]
    user, role = _user(person, way), {**FOUND, "AWS_SESSION_TOKEN": "a role's"}
    assert _resolved(_shell(exports(FOUND, cloud), user), monkeypatch) == (*mine, None)
    assert _resolved(_shell(exports(role, cloud), user), monkeypatch) == (*mine, "a role's")
    assert _resolved(alone(user, FOUND, cloud), monkeypatch) == (*mine, None)


def test_other_variables_stay(places: tuple[Path, Path]) -> None:
    """A proxy's do not: no proxy reaches the endpoint on this machine."""
    user = {"HOME": "/home/me", "LANG": "C.UTF-8"}
    others = dict.fromkeys(("AWS_PROFILE", "HTTP_PROXY", "https_proxy", "ALL_PROXY"), "x")
    made = alone({**user, **others}, FOUND, places[1])
    assert {name: value for name, value in made.items() if not name.startswith("AWS_")} == user
