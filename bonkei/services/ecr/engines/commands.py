"""The command lines of docker, podman and buildah. They neither read nor change the user's own
data: images, logins and settings are below the home. Pure, but for the limits of this process."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bonkei.services.ecr.engines.values import Engine, Order

_JAIL = (
    "--user", "--map-root-user", "--map-users=1610612736,1,65535",
    "--map-groups=1610612736,1,65535", "--mount", "--mount-proc", "--pid", "--fork",
    "--kill-child=SIGKILL",
)  # fmt: skip
"""For root of this machine, a build runs in a namespace: its users are not users of this machine,
and its steps cannot see this machine's processes. (The numbers are systemd's for containers;
`outer,inner,count`.)"""
DRIVERS = ("overlay", "vfs")
"""How layers are stored: the second one copies, and works everywhere."""
_KEPT = ("SSL_CERT_FILE", "SSL_CERT_DIR", "LANG")


def candidates(name: str, program: str, unshare: str | None, home: Path) -> Iterator[Engine]:
    """The ways to run podman or buildah, the most separate first."""
    is_root = os.geteuid() == 0
    isolations = ("oci", "chroot") if is_root else ("rootless", "chroot")
    for driver in DRIVERS:
        for isolation in isolations:
            jail = (unshare, *_JAIL) if is_root and isolation == "chroot" and unshare else ()
            if is_root and isolation == "chroot" and not jail:
                continue  # a step of the Dockerfile would be root of this machine
            storage = home / f"{name}-{isolation}-{driver}"
            places = ("--root", str(storage / "images"), "--runroot", str(storage / "run"))
            yield Engine(
                name,
                (*jail, program, *places, "--storage-driver", driver),
                ("--isolation", isolation, "--network", "host", *_limits(), *_dropped(isolation)),
                environment(home, driver),
                f"{isolation}, {driver}",
            )


def docker(program: str, host: str, home: Path) -> Engine:
    """`host`: the address of the daemon that the user's own docker uses."""
    variables = {
        **environment(home),
        "DOCKER_CONFIG": str(home / "docker"),
        "DOCKER_HOST": host,
        "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
    }
    return Engine("docker", (program,), ("--progress", "plain"), variables, host)


def environment(home: Path, driver: str = "") -> dict[str, str]:
    """The environment of an engine's process."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home / "user"),
        "XDG_RUNTIME_DIR": str(home / "user" / "run"),
        "TMPDIR": str(home / "work"),
        "CONTAINERS_STORAGE_CONF": str(home / "settings" / f"storage-{driver}.conf"),
        "CONTAINERS_REGISTRIES_CONF": str(home / "settings" / "registries.conf"),
        "CONTAINERS_CONF": str(home / "settings" / "containers.conf"),
        "REGISTRY_AUTH_FILE": str(home / "settings" / "auth.json"),
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
    }


def settings(plugins: Sequence[str]) -> Mapping[str, str]:
    """The content of those files. `plugins`: folders of docker's own commands (buildx)."""
    folders = ", ".join(f'"{each}"' for each in plugins)
    return {
        **{
            f"settings/storage-{driver}.conf": f'[storage]\ndriver = "{driver}"\n'
            for driver in DRIVERS
        },
        "settings/registries.conf": 'unqualified-search-registries = ["docker.io"]\n',
        "settings/containers.conf": "",
        "settings/auth.json": "{}\n",
        "docker/config.json": f'{{"cliPluginsExtraDirs": [{folders}]}}\n',
    }


def make_home(home: Path) -> None:
    """The engines' folder, with those files."""
    for name in ("user/run", "work", "settings", "docker"):
        (home / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    plugins = str(Path.home() / ".docker" / "cli-plugins")
    for name, text in settings([plugins]).items():
        (home / name).write_text(text, encoding="utf-8")


def build(engine: Engine, order: Order, context: Path, tag: str) -> list[str]:
    """The Dockerfile lies in the context. Base images are there already, but for docker."""
    line = [*engine.line, "build", *engine.build, "--tag", tag]
    if engine.is_docker:
        line += ["--pull"] if order.pull else []
    else:
        # As with docker: the other format has no HEALTHCHECK. Layers are not kept between builds.
        line += ["--pull=never", "--format", "docker", "--layers=false"]
    line += ["--no-cache"] if order.no_cache and engine.is_docker else []
    for option, value in (("--target", order.target), ("--platform", order.platform)):
        line += [option, value] if value else []
    for option, pairs in (("--build-arg", order.build_arguments), ("--label", order.labels)):
        for name, value in pairs.items():
            line += [option, f"{name}={value}"]
    return [*line, "--file", str(context / "Dockerfile"), str(context)]


def save(engine: Engine, tag: str, file: Path) -> list[str]:
    if engine.is_docker:
        return [*engine.line, "image", "save", "--output", str(file), tag]
    if engine.name == "podman":
        return [*engine.line, "save", "--quiet", "--output", str(file), tag]
    return [*engine.line, "push", "--quiet", tag, f"docker-archive:{file}"]


def remove(engine: Engine, tag: str) -> list[str]:
    image = ("image", "rm", "--force") if engine.is_docker else ("rmi", "--force")
    return [*engine.line, *image, tag]


def has(engine: Engine, image: str) -> list[str]:
    return [*engine.line, "inspect", "--type", "image", image]


def pull(engine: Engine, image: str) -> list[str]:
    """The newest: Buildah alone would be content with one that is there. It is tried twice: for 0
    retries Buildah makes its usual three, and waits for seven seconds."""
    newest = ("--policy", "always") if engine.name == "buildah" else ()
    twice = ("--retry", "1") if engine.can_retry else ()
    return [*engine.line, "pull", "--quiet", *newest, *twice, image]


def pull_ours(engine: Engine, place: str) -> list[str]:
    """The command that pulls from the miniature's own registry; `place`:
    `127.0.0.1:PORT/NAME:TAG`."""
    return [*pull(engine, place)[:-1], "--tls-verify=false", place]


def pull_help(engine: Engine) -> list[str]:
    return [*engine.line, "pull", "--help"]


def end_helper(engine: Engine) -> list[str]:
    """An ordinary user's Podman leaves a process that holds its namespace; this ends it."""
    return [*engine.line, "system", "migrate"]


def tidy(engine: Engine) -> list[str]:
    """Remove what killed builds have left."""
    return [*engine.line, "rm", "--all"]


def _limits() -> tuple[str, ...]:
    """Our own limit of open files: engines ask for more, and may not get it."""
    pairs = (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC))
    found = []
    for limit, number in pairs:
        soft, hard = resource.getrlimit(number)
        found += ["--ulimit", f"{limit}={soft}:{hard}"]
    return tuple(found)


def _dropped(isolation: str) -> tuple[str, ...]:
    """A second chroot is the way out of the first one."""
    return ("--cap-drop", "CAP_SYS_CHROOT") if isolation == "chroot" else ()
