"""The place of the data. No private directory is opened for it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bonkei.base.vault import FileVault
from bonkei.services.rds.binaries import Binaries, find_binaries
from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.files import ClusterFiles, ServerSpec
from bonkei.services.rds.place import Place, delete_data, find_place

from .conftest import cluster, free_port

ROOT = Path(__file__).parents[4]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run it as another user")


@as_root
def test_as_root_the_data_is_outside_of_home_and_belongs_to_nobody(home):
    place = find_place(home)
    assert not place.root.is_relative_to(home)
    status = place.root.stat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (pwd.getpwnam("nobody").pw_uid, 0o700)
    assert (home / "database" / "location").read_text() == f"{place.root}\n"
    assert find_place(home) == place
    delete_data(home)
    assert not place.root.exists()


@as_root
@pytest.mark.parametrize("trap", ["link", "mode", "file"])
def test_a_directory_that_another_user_prepared_is_refused(home, trap, tmp_path):
    root = find_place(home).root
    shutil.rmtree(root)
    if trap == "link":
        root.symlink_to(tmp_path)
    elif trap == "file":
        root.touch()
    else:
        root.mkdir(mode=0o755)
    try:
        with pytest.raises(DatabaseError, match="is not a directory of mode 0700"):
            find_place(home)
        delete_data(home)
        assert os.path.lexists(root)
    finally:
        shutil.rmtree(root) if trap == "mode" else root.unlink()


@as_root
@pytest.mark.parametrize("forged", ["precious", "{shared}/precious", "{shared}/bonkei-.."])
def test_a_forged_record_is_refused_and_deletes_nothing_else(home, forged, tmp_path):
    root = find_place(home).root
    precious = tmp_path / "precious"
    precious.mkdir()
    named = tmp_path / forged.format(shared=root.parent)
    (home / "database" / "location").write_text(f"{named}\n")
    with pytest.raises(DatabaseError, match="does not name the directory of a database"):
        find_place(home)
    delete_data(home)
    assert precious.exists()
    assert root.exists()
    shutil.rmtree(root)


@as_root
async def test_programs_that_the_other_user_cannot_read_are_copied_beside_the_data(
    make, home, monkeypatch, vault
):
    monkeypatch.setattr("bonkei.services.rds.binaries._is_open", lambda _: False)
    database = make(cluster())
    await database.start()
    executable = Path(psutil.Process(database.snapshot().pid).exe())
    assert executable.is_relative_to(find_place(home).root)


def test_programs_are_used_where_they_are_when_that_is_possible(tmp_path):
    binaries = find_binaries(Place(tmp_path))
    assert binaries.major >= 18
    assert Path(binaries.program("postgres")).is_file()
    assert {"plpgsql", "pg_stat_statements"} <= binaries.libraries


def test_a_path_with_characters_of_the_shell_is_reported(home, tmp_path):
    place = find_place(home)
    programs = tmp_path / "$project"
    shutil.copytree(find_binaries(place).install, programs, symlinks=True)
    spec = ServerSpec("main", "127.0.0.1", free_port(), tmp_path / "log")
    with pytest.raises(DatabaseError, match=r"has \$ in it") as caught:
        ClusterFiles(spec, place, Binaries(programs, "18.6")).ensure()
    assert "move the project" in caught.value.remedy


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_no_server_outlives_a_killed_supervisor_and_the_next_one_starts(make, home, number):
    port = free_port()
    script = Path(__file__).with_name("supervisor.py")
    with subprocess.Popen(
        [sys.executable, script, ROOT, home, str(port)], stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout is not None
        pid = int(supervisor.stdout.readline())
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        supervisor.send_signal(number)
        try:
            supervisor.wait(60)
        finally:
            supervisor.kill()

    # At once, as a user would: the start waits for the old server's end.
    database = make(cluster(port=port, master_secret_arn=""), vault=FileVault(home / "secrets"))
    await database.start()

    assert database.snapshot().pid != pid
    _, alive = psutil.wait_procs(family, 60)
    assert not alive
