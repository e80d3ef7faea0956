"""Which folder a container's image is built from."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from bonkei.definitions.survey.images import BuiltFolder, built_folders, folder_of, program_folders

ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
TREE = {
    "web/Dockerfile": "",
    "services/a/Dockerfile": "",
    "services/b/Dockerfile": "",
    "docker/jobs/Dockerfile": "",
    "service-pay/docker/fpm/Dockerfile": "",
    "compose.yml": "services:\n  api:\n    build: ./services/a\n  db:\n    image: postgres\n",
    "deploy/compose.yaml": "services:\n  mailer:\n    build: {context: ../services/b}\n",
    "broken-compose.yml": "services: [",
    ".github/workflows/release.yml": "run: |\n  docker build \\\n    --build-arg A=1 -t $R/night:1"
    " -f docker/jobs/Dockerfile .\n",
    "Makefile": "image:\n\tdocker buildx build --tag=team/front:1 web\n\tdocker build 'open\n",
}  # fmt: skip


@pytest.mark.parametrize(
    ("container", "image", "folder"),
    [
        ("web", "x", "web"),
        ("shop-web", "local", "web"),
        ("app", f"{ECR}/web:1", "web"),
        ("api", f"{ECR}/x", "services/a"),
        ("mailer", f"{ECR}/x", "services/b"),
        ("x", f"{ECR}/front@sha256:ab", "web"),
        ("x", f"{ECR}/night:2", "docker/jobs"),
        ("shop-prod-web", f"{ECR}/x", "web"),  # ends with it
        ("app", f"{ECR}/shop/pay_fpm@sha256:ab", "service-pay/docker/fpm"),  # on the way there
        ("agent", "datadog/agent:7", None),
        ("my-web", "docker.io/other/my-web", None),  # it is of someone else's repository
        ("", "", None),
    ],
)
def test_a_container_finds_its_folder(container: str, image: str, folder: str | None) -> None:
    tree = {PurePosixPath(path): text for path, text in TREE.items()}
    found = folder_of(container, image, built_folders(tree))
    assert (found and str(found.folder)) == folder


def test_the_only_folder_is_that_of_any_image_of_ones_own() -> None:
    only = built_folders({PurePosixPath("Dockerfile"): ""})
    assert folder_of("app", f"{ECR}/shop", only) == only[0]
    assert folder_of("proxy", "public.ecr.aws/nginx/nginx:1", only) is None


@pytest.mark.parametrize(
    ("files", "command", "prepare"),
    [
        ({"package.json": "{}"}, "npm start", "npm ci"),
        ({"go.mod": ""}, "./app", "go build -o app ."),
        ({"Procfile": "worker: a\nweb:  bin/web -p $PORT\n"}, "bin/web -p $PORT", ""),
        ({"Procfile": "web: node x.js", "package.json": "{}"}, "node x.js", "npm ci"),
        ({"Procfile": "worker: a\nweb:\n"}, None, None),
        ({"package.json": "{}", "Dockerfile": ""}, None, None),
        ({"main.tf": ""}, None, None),
    ],
)
def test_a_folder_with_a_program_of_a_known_kind(
    files: dict[str, str], command: str | None, prepare: str | None
) -> None:
    shop = PurePosixPath("services/shop")
    found = program_folders({shop / name: text for name, text in files.items()})
    names = frozenset({"shop"})
    assert found == ([BuiltFolder(shop, names, command, prepare or "")] if command else [])
