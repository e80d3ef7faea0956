"""The Dockerfile's COPY decides which folder stands for WORKDIR, and which requirements apply."""

from __future__ import annotations

from pathlib import Path

import pytest

from bonkei.blueprint.ecs import Container
from bonkei.grammar.dockerfile.image import parse_image
from bonkei.services.ecs.compose import content_notes
from bonkei.services.ecs.images.content import Content, context_of, find_content
from bonkei.services.ecs.images.local import localize

from .conftest import definition
from .test_software import lock, wheel

ROOT = Path(__file__).parents[4]
PROD = "requirements/prod.txt"
WHEELS = """AS b
COPY requirements/prod.txt /r/
RUN pip wheel -r /r/prod.txt
FROM python AS test
COPY requirements/test.txt .
RUN pip install -r test.txt
FROM python
COPY --from=b /wheels /wheels
"""


def content(folder: Path, dockerfile: str, *files: str) -> Content:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return find_content(parse_image(f"FROM python\n{dockerfile}"), folder)


@pytest.mark.parametrize(
    ("dockerfile", "directory"),
    [
        ("WORKDIR /app\nCOPY . .", "."),
        ("WORKDIR /app\nCOPY src/ .", "src"),
        ("WORKDIR /app\nCOPY src /app/", "src"),
        ("COPY src/ .", "src"),
        ("WORKDIR /app\nCOPY requirements.txt .\nCOPY src/ .", "src"),
        ("WORKDIR /app\nCOPY src/ src/", "."),
        ("WORKDIR /app\nCOPY src/pkg pkg", "src"),
        ("COPY . /app\nWORKDIR /app/src", "src"),
        ("COPY src /app/src\nWORKDIR /app/src/pkg", "src/pkg"),
        ("WORKDIR /app\nCOPY src/main.py .", "src"),
        ("WORKDIR /app\nCOPY src/*.py ./", "src"),
        ("WORKDIR /app\nCOPY requirements.txt pyproject.toml ./\nCOPY src/main.py .", "src"),
        ("ARG D=src\nWORKDIR /app\nCOPY --chown=1:1 ${D} .", "src"),
        ('WORKDIR /app\nCOPY ["src", "."]', "src"),
        (
            "AS build\nWORKDIR /b\nCOPY src .\nFROM python\nWORKDIR /app\nCOPY --from=build /b .",
            "src",
        ),
        ("AS b\nCOPY . /b\nFROM python\nWORKDIR /app\nCOPY --from=b /b/src .", "src"),
        ("AS b\nCOPY src /b\nFROM x AS c\nFROM python\nWORKDIR /app\nCOPY --from=0 /b .", "src"),
        ("AS b\nCOPY src /b\nFROM x\nFROM python\nWORKDIR /app\nCOPY --from=1 /b .", "."),
        # A source that is unknown or elsewhere changes nothing.
        ("WORKDIR /app\nCOPY build/ .", "."),
        ("WORKDIR /app\nCOPY ../src .", "."),
        ("WORKDIR /app\nCOPY --from=nginx /src .", "."),
        ("WORKDIR /app\nADD https://example.com/src .", "."),
        ("WORKDIR /app\nCOPY <<EOF x\nsrc\nEOF", "."),
        ("WORKDIR /app", "."),
    ],
)
def test_the_folder_that_stands_for_workdir(tmp_path, dockerfile, directory):
    folder = tmp_path / "app"
    text = dockerfile if dockerfile.startswith("AS") else f"\n{dockerfile}"
    for name in ("src/main.py", "src/pkg/x.py", "requirements.txt", "pyproject.toml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    found = find_content(parse_image(f"FROM python {text}"), folder)
    assert found.directory == folder / directory
    assert found.overlooked == ()


def test_files_in_another_place_than_in_the_image_are_reported(tmp_path):
    found = content(
        tmp_path, "WORKDIR /app\nCOPY src/ .\nCOPY config/ settings/\n", "src/a.py", "config/x"
    )
    assert found.directory == tmp_path / "src"
    assert found.overlooked == ("config (to /app/settings)",)
    assert "config (to /app/settings)" in " ".join(content_notes(found))


def test_copies_from_elsewhere_are_reported(tmp_path):
    """A build whose context is a folder above, as in `docker build -f app/Dockerfile .`."""
    dockerfile = "WORKDIR /app\nCOPY app/src/ ../lib lib*.toml ./\nCOPY . .\nADD https://x.test/y ."
    found = content(tmp_path / "app", dockerfile, "src/a.py")
    assert found.missing == ("app/src/", "../lib", "lib*.toml")
    assert "copies app/src/, ../lib, lib*.toml, which" in " ".join(content_notes(found))
    assert content(tmp_path / "app", "AS b\nFROM x\nCOPY --from=b /made /").missing == ()


def test_what_a_stage_makes_is_said_not_to_be_here(tmp_path):
    """A folder with a command can make it."""
    dockerfile = "FROM y AS b\nWORKDIR /b\nCOPY . .\nRUN make\nFROM x\nCOPY --from=b /b/out /srv"
    found = content(tmp_path / "app", dockerfile, "src/a.py")
    assert found.missing == ("out",)
    assert "`prepare` in bonkei.toml can make" in " ".join(content_notes(found))


def test_paths_outside_of_workdir_are_found_too(tmp_path):
    dockerfile = "WORKDIR /app\nCOPY src/ .\nCOPY etc/app.toml /etc/app.toml\nCOPY bin /opt/bin/\n"
    found = content(tmp_path, dockerfile, "src/a.py", "etc/app.toml", "bin/run")
    image = parse_image(f"FROM python\n{dockerfile}")
    text = localize("/opt/bin/run --config=/etc/app.toml /app/a.py /etc/hosts", image, found)
    assert (
        text
        == f"{tmp_path}/bin/run --config={tmp_path}/etc/app.toml {tmp_path}/src/a.py /etc/hosts"
    )


@pytest.mark.parametrize(
    ("dockerfile", "expected"),
    [
        ("COPY requirements/prod.txt /r.txt\nRUN pip install --no-deps -r /r.txt", PROD),
        ("WORKDIR /a\nCOPY . .\nRUN pip install -r requirements/prod.txt", PROD),
        ("COPY requirements /tmp/\nRUN pip install --requirement=/tmp/prod.txt", PROD),
        ("COPY requirements/prod.txt /t/\nRUN pip install -r /t/prod.txt && rm -r /t", PROD),
        (f"RUN --mount=type=bind,source={PROD},target={PROD} pip install -r {PROD}", PROD),
        ("COPY . /app", "requirements.txt"),
        (WHEELS, PROD),
    ],
)
def test_the_requirements_that_a_dockerfile_installs(tmp_path, dockerfile, expected):
    for name in ("requirements.txt", "requirements/prod.txt", "requirements/test.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    text = dockerfile if dockerfile.startswith("AS") else f"\n{dockerfile}"
    assert find_content(parse_image(f"FROM python {text}"), tmp_path).requirements == (
        tmp_path / expected,
    )


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("pip install flask 'gunicorn==23.0.0' \"psycopg[binary]>=3.2\"",
         ("flask", "gunicorn==23.0.0", "psycopg[binary]>=3.2")),
        ("python -m pip install --no-cache-dir -U pip wheel && pip3 install flask; echo done",
         ("flask",)),
        ("pip install -r requirements.txt gunicorn", ("requirements.txt", "gunicorn")),
        ("pip install -i https://pypi.example/simple -c limits.txt flask", ("flask",)),
        ("pip install . ./lib /wheels/*.whl app-1.0.whl $EXTRA git+https://git.example/x", ()),
        ("apt-get install pip install-info", ()),
    ],
)  # fmt: skip
def test_the_packages_that_pip_installs_by_name(
    tmp_path: Path, run: str, expected: tuple[str, ...]
) -> None:
    for text in (f"\nRUN {run}", f" AS made\nRUN {run}\nFROM python\nCOPY --from=made /x /x"):
        (tmp_path / "requirements.txt").touch()
        found = find_content(parse_image(f"FROM python{text}"), tmp_path).requirements
        named = tuple(each if isinstance(each, str) else each.name for each in found)
        assert named == (expected if "requirements.txt" in expected
                         else ("requirements.txt", *expected))  # fmt: skip


def test_an_image_may_be_built_in_a_folder_around_its_dockerfile(tmp_path: Path) -> None:
    """`docker build --file services/web/Dockerfile .`, as in a repository of several programs."""
    text = "COPY services/web/requirements.txt lib /t/\nWORKDIR /srv\nCOPY services/web ."
    image = parse_image(f"FROM python\n{text}")
    folder, repository = tmp_path / "x/services/web", tmp_path / "x"
    for file in (folder / "requirements.txt", folder / "app.py", repository / "lib/a.py"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (repository / ".git").mkdir()
    assert context_of(image, folder) == repository
    found = find_content(image, repository)
    assert (found.directory, found.missing) == (folder, ())
    (repository / "lib/a.py").rename(tmp_path / "a.py")
    (repository / "lib").rmdir()
    (tmp_path / "lib").mkdir()
    assert context_of(image, folder) == folder, "one of its files is only outside the repository"


def test_packages_without_a_requirements_file_are_reported(tmp_path):
    found = content(tmp_path, "WORKDIR /app\nCOPY . .\nRUN pip install .", "pyproject.toml")
    assert "pyproject.toml" in " ".join(content_notes(found))
    (tmp_path / "requirements.txt").touch()
    assert list(content_notes(content(tmp_path, "COPY . ."))) == []


@pytest.mark.parametrize("name", ["backend", "frontend"])
def test_the_programs_of_this_project(name):
    folder = ROOT / "program" / name
    image = parse_image((folder / "Dockerfile").read_text())
    found = find_content(image, folder)
    assert found.directory == folder
    assert found.overlooked == ()
    assert found.requirements == (folder / "requirements.txt",)


async def test_a_container_runs_with_the_copied_files_and_the_installed_packages(tasks, program):
    folder = program("job").directory
    for part in ("src", "requirements"):
        (folder / part).mkdir()
    (folder / "src" / "main.py").write_text(
        "import greeting, os; print(greeting.WORD, os.getcwd())"
    )
    lock(folder / "requirements", wheel(folder)).rename(folder / "requirements" / "prod.txt")
    (folder / "Dockerfile").write_text(
        "FROM python\nWORKDIR /app\nCOPY requirements/prod.txt /tmp/\n"
        'RUN pip install -r /tmp/prod.txt\nCOPY src/ .\nCMD ["python", "/app/main.py"]\n'
    )
    outcome = await tasks.run_task(definition(Container("job", "job:1")), "job")
    assert outcome.output == (f"hello {folder / 'src'}",)
