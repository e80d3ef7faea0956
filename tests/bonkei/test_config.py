"""bonkei.toml: valid settings, and errors."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from bonkei import config
from bonkei.config import Config, ConfigError


def load(root: Path, text: str, **environment: str) -> Config:
    (root / "infrastructure").mkdir(exist_ok=True)
    (root / "app").mkdir(exist_ok=True)
    file = root / "bonkei.toml"
    file.write_text(text, encoding="utf-8")
    return config.load(file, environment)


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    loaded = load(tmp_path, "")
    assert loaded.definitions == tmp_path / "infrastructure"
    assert loaded.home == tmp_path / ".bonkei"
    assert (loaded.edge_port, loaded.alb_port) == (8080, 8081)


def test_the_console_can_be_off(tmp_path: Path) -> None:
    loaded = load(tmp_path, "", BONKEI_CONSOLE_PORT="off")
    assert loaded.console_port is None


def test_host_names_of_the_edge(tmp_path: Path) -> None:
    assert load(tmp_path, "").edge_hosts == ()
    names = ("app.test", "*.tunnel.test", "*")
    assert load(tmp_path, f"[edge]\nhosts = {list(names)}").edge_hosts == names


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        "[edge]\nport = 1000\n[alb]\nport = 1001",
        BONKEI_EDGE_PORT="9000",
        BONKEI_HOME=str(tmp_path / "elsewhere"),
        BONKEI_DATABASE_URL="postgresql://x@y/z",
    )
    assert (loaded.edge_port, loaded.alb_port) == (9000, 1001)
    assert loaded.home == tmp_path / "elsewhere"
    assert loaded.database_url == "postgresql://x@y/z"


def test_a_database_of_another_program_is_not_used(tmp_path: Path) -> None:
    loaded = load(tmp_path, "", DATABASE_URL="postgresql://postgres@db.example/precious")
    assert loaded.database_url is None


def test_the_folder_of_trivys_database(tmp_path: Path) -> None:
    """It need not be there yet."""
    assert load(tmp_path, "").trivy_database is None
    text = '[registry]\ntrivy_database = "{}"'
    assert load(tmp_path, text.format("db")).trivy_database == tmp_path / "db"
    assert load(tmp_path, text.format("~/db")).trivy_database == Path.home() / "db"


def test_files_that_a_program_reloads(tmp_path: Path) -> None:
    (tmp_path / "app" / "templates").mkdir(parents=True)
    container = '[containers.web]\ndirectory = "app"\nreads_again = '
    loaded = load(tmp_path, f'{container}["templates"]')
    assert loaded.read_again == {"web": (tmp_path / "app" / "templates",)}
    for outside in ("pages", "../infrastructure"):
        with pytest.raises(ConfigError, match=r"\[containers.web\] `reads_again`"):
            load(tmp_path, f'{container}["{outside}"]')


def test_without_a_package_the_terraform_on_the_path_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Linux on ARM."""
    own = tmp_path / "tofu"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert load(tmp_path, "").terraform is None
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert load(tmp_path, "").terraform == str(own)
    own.unlink()
    assert load(tmp_path, "").terraform is None  # the first use says what to install


def test_folders_of_modules(tmp_path: Path) -> None:
    (tmp_path / "vendor").mkdir()
    found = load(tmp_path, '[modules]\n"team/vpc/aws" = "vendor"').modules
    assert found == {"team/vpc/aws": tmp_path / "vendor"}
    for address, path in (("team/vpc/aws", "none"), ("team/vpc/aws//x", "vendor"), ("vpc", ".")):
        with pytest.raises(ConfigError, match=rf"\[modules\].*{address}"):
            load(tmp_path, f'[modules]\n"{address}" = "{path}"')


def test_endpoints_of_ones_own(tmp_path: Path) -> None:
    text = '[endpoints]\n"module.db.aws_db_instance.this[0]" = "{}"'
    found = load(tmp_path, text.format("mysql://u@db.test:3307/x")).endpoints
    assert found == {"module.db.aws_db_instance.this[0]": ("db.test", 3307)}
    for wrong in ("mysql://db.test", "db.test:3306", "mysql://:3306", "x://h:70000"):
        with pytest.raises(ConfigError, match=r"\[endpoints\] module.db"):
            load(tmp_path, text.format(wrong))


def test_programs_from_images(tmp_path: Path) -> None:
    (tmp_path / "web.tar").touch()
    tables = '[containers.a]\nimage = "nginx:1"\n[containers.b]\narchive = "web.tar"'
    loaded = load(tmp_path, tables)
    assert loaded.images == {"a": "nginx:1", "b": tmp_path / "web.tar"}
    assert loaded.containers == {}


def test_a_folder_with_a_command(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    text = """
        [containers.web]
        directory = "web"
        command = ["npm", "start"]
        environment = { NODE_ENV = "production" }
        port = 3000
        prepare = "npm ci && npm run build"
        reads_again = ["."]
        """
    program = config.FolderProgram(
        tmp_path / "web",
        ("npm", "start"),
        (("NODE_ENV", "production"),),
        3000,
        ("/bin/sh", "-c", "npm ci && npm run build"),
    )
    loaded = load(tmp_path, text)
    assert loaded.containers == {"web": program}
    assert loaded.directories == {"web": tmp_path / "web"}
    assert loaded.read_again == {"web": (tmp_path / "web",)}


def test_one_offs_and_announcements(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        """
        [containers.web]
        directory = "app"
        [[run]]
        name = "migration"
        task_definition = "migrate"
        container = "web"
        command = ["x"]
        [announce]
        "First password" = "administrator"
        """,
    )
    assert loaded.containers == {"web": tmp_path / "app"}
    assert loaded.one_offs[0].when == "each-start"
    assert loaded.announcements[0].secret == "administrator"


def test_settings_of_check(tmp_path: Path) -> None:
    (tmp_path / "router").mkdir()
    text = "[check]\nimage-is-pinned = 'off'\n[check.programs]\nlog_router = 'router'"
    found = load(tmp_path, text)
    assert dict(found.check_levels) == {"image-is-pinned": "off"}
    assert dict(found.check_programs) == {"log_router": tmp_path / "router"}


def test_values_of_elsewhere_have_keys_of_the_user(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        """
        [[existing]]
        type = "aws_vpc"
        tags = { Name = "shared" }
        [remote_states.network]
        subnet_ids = ["subnet-1"]
        """,
    )
    assert loaded.existing == ({"type": "aws_vpc", "tags": {"Name": "shared"}},)
    assert loaded.remote_states == {"network": {"subnet_ids": ["subnet-1"]}}


def test_a_misspelt_key_is_named_before_what_its_default_lacks(tmp_path: Path) -> None:
    (tmp_path / "bonkei.toml").write_text("definitons = 'stack'")
    with pytest.raises(ConfigError, match="`definitons` is not a setting") as raised:
        config.load(tmp_path / "bonkei.toml", {})
    assert raised.value.remedy == "write definitions"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("definitions = ", "bonkei.toml"),
        ("definitons = 'x'", "`definitons` is not a setting"),
        ("definitions = 3", "`definitions` is 3"),
        ("definitions = 'nowhere'", "`definitions` names nowhere"),
        ("definitions = ['infrastructure', 'nowhere']", "nowhere, not a directory"),
        ("definitions = ['infrastructure', 'infrastructure']", "`definitions` is ["),
        ("definitions = []", "`definitions` is []"),
        ("variables = ['missing.tfvars']", "`variables` names missing.tfvars"),
        ("variables = 'a.tfvars'", "`variables` is 'a.tfvars'"),
        ("[edge]\nport = true", "`port` is True"),
        ("[edge]\nport = 70000", "[edge] port is 70000"),
        ("[edge]\nport = 8081", "both given port 8081"),
        ("[database]\nshared = 1", "`shared` is 1"),
        ("[edge]\nhosts = ['http://app.test']", "not a host name"),
        ("[edge]\nhosts = ['app.test:80']", "not a host name"),
        ("[edge]\nprot = 1", "[edge]: `prot` is not a setting"),
        ("[check]\nimage-is-pinned = 'loud'", "[check] `image-is-pinned` is 'loud'"),
        ("[check]\nimage-is-pinned = true", "[check]: `image-is-pinned` is True"),
        ("[check.programs]\nrouter = 'gone'", "`[check.programs] router` names gone"),
        ("[containers.web]", "[containers.web] has no directory"),
        ("[containers.web]\ndirectory = '.'\nimage = 'x'", "has directory and image"),
        ("[containers.web]\narchive = 'gone.tar'", "[containers.web] archive"),
        ("[containers.web]\nimage = 'x'\nreads_again = ['a']", "`reads_again` is not a setting"),
        ("[containers.web]\ndirectory = 'gone'", "[containers.web] directory"),
        ("[containers.web]\ndirectory = '.'\nport = 3000", "and no `command`"),
        ("[containers.web]\ndirectory = '.'\nprepare = 'make'", "and no `command`"),
        ("[containers.web]\ndirectory = '.'\ncommand = 3", "`command` is 3"),
        ("[containers.web]\ndirectory='.'\ncommand='a'\nport = 70000", "`port` is 70000"),
        ("[containers.web]\ndirectory='.'\ncommand='a'\nenvironment.A = 1", "`A` is 1"),
        ("[[run]]\nname = 'x'", "`when`|`task_definition` is missing"),
        (
            "[[run]]\nname='x'\ntask_definition='y'\ncontainer='z'\ncommand=['c']\nwhen='never'",
            "`when` is 'never'",
        ),
        ('workspace = ""', "`workspace` is '', not a valid workspace name"),
        ('account_id = "123"', "`account_id` is '123', not an AWS account id"),
        ("account_id = 123456789012", "`account_id`"),
        ('aws_rules = "off"', "`aws_rules` is 'off'"),
    ],
)
def test_mistakes_are_reported(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert any(part in caught.value.message for part in message.split("|"))
    assert caught.value.remedy


def test_the_only_address_may_be_wished(tmp_path: Path) -> None:
    assert load(tmp_path, "", BONKEI_ADDRESSES="one").one_address
    assert not load(tmp_path, "", BONKEI_ADDRESSES="auto").one_address
    with pytest.raises(ConfigError, match="BONKEI_ADDRESSES is 'many'"):
        load(tmp_path, "", BONKEI_ADDRESSES="many")


def test_another_settings_file_has_its_own_home(tmp_path: Path) -> None:
    """Also by a link, and in a workspace."""
    load(tmp_path, "")
    other, link = tmp_path / "other.toml", tmp_path / "link.toml"
    other.write_text("")
    link.symlink_to(other)
    own = tmp_path / ".bonkei" / ".bonkei-workspaces" / "other.toml"
    for file in (other, link):
        assert config.load(file, {}).home == config.load_home(file, {}) == own
    staging = config.load(other, {"TF_WORKSPACE": "staging"}).home
    assert staging == own.with_name("other.toml.staging")


def test_a_workspace_has_its_own_home(tmp_path: Path) -> None:
    loaded = load(tmp_path, 'workspace = "staging"\naccount_id = "111122223333"')
    assert (loaded.workspace, loaded.account_id) == ("staging", "111122223333")
    assert loaded.home == tmp_path / ".bonkei" / ".bonkei-workspaces" / "staging"
    assert load(tmp_path, 'workspace = "staging"', TF_WORKSPACE="default").home.name == ".bonkei"
    assert load(tmp_path, "", TF_WORKSPACE="other").workspace == "other"
    for name in ("../x", "a/b", "-x", "x y", "x" * 91):
        with pytest.raises(ConfigError, match="TF_WORKSPACE is"):
            load(tmp_path, "", TF_WORKSPACE=name)


def test_an_invalid_port(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="BONKEI_ALB_PORT is 'http'"):
        load(tmp_path, "", BONKEI_ALB_PORT="http")


def test_the_nearest_file_in_a_parent_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "bonkei.toml").touch()
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert config.find(below) == tmp_path / "bonkei.toml"
    with pytest.raises(ConfigError, match=r"there is no bonkei\.toml"):
        config.find(Path("/"))


@pytest.mark.parametrize("place", ["/", "", "..", "infrastructure/..", "../.."])
def test_a_users_own_folder_is_refused_as_a_home(tmp_path: Path, place: str) -> None:
    root = tmp_path / "user" / "project"
    root.mkdir(parents=True)
    with pytest.raises(ConfigError, match="BONKEI_HOME is"):
        load(root, "", BONKEI_HOME=place or ".", HOME=str(root.parent))
    assert load(root, "", BONKEI_HOME="inside", HOME=str(root.parent)).home == root / "inside"


def test_a_changed_setting_is_noticed_unless_each_apply_reads_it(tmp_path: Path) -> None:
    (tmp_path / "a.tfvars").touch()
    (tmp_path / "app").mkdir()
    environment = {"BONKEI_EDGE_PORT": "9000"}
    started = load(tmp_path, "[alb]\nport = 9001", **environment)
    file = tmp_path / "bonkei.toml"
    for text, unchanged in {
        "# a remark\n[alb]\nport = 9001": True,
        'variables = ["a.tfvars"]\n[alb]\nport = 9001': True,
        '[alb]\nport = 9001\n[[existing]]\ntype = "aws_vpc"': True,
        "[alb]\nport = 9001\n[remote_states.network]\nid = 1": True,
        '[alb]\nport = 9001\n[check]\nimage-is-pinned = "off"': True,
        "[alb]\nport = 9002": False,
        'definitions = ["infrastructure", "app"]\n[alb]\nport = 9001': False,
        '[alb]\nport = 9001\n[containers.web]\ndirectory = "app"': True,
        '[alb]\nport = 9001\n[announce]\nword = "app"': False,
        "[alb": False,
    }.items():
        file.write_text(text, encoding="utf-8")
        assert config.is_unchanged(started, environment) is unchanged, text
