"""Both formats, variables, includes. Unknown settings are reported with their line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bonkei.services.logs.router.configuration.generated import FirelensTask, generate
from bonkei.services.logs.router.configuration.load import load, load_text
from bonkei.services.logs.router.configuration.overrides import Overrides, override
from bonkei.services.logs.router.configuration.render import render
from bonkei.services.logs.router.configuration.validate import PLUGINS, validate
from bonkei.services.logs.router.errors import RouterError

SHIPPED = Path(__file__).parents[5] / "program" / "fluentbit" / "fluent-bit.yaml"
ENVIRONMENT = {
    "AWS_REGION": "ap-northeast-1",
    "LOG_GROUP": "/ecs/backend",
    "LOG_BUCKET": "logs",
    "LOG_PREFIX": "backend",
    "PORT": "2020",
}


def test_all_settings_of_the_shipped_configuration_are_known() -> None:
    configuration = load(SHIPPED, ENVIRONMENT)
    validate(configuration)
    assert [each.name for each in configuration.inputs] == ["forward"]
    assert [each.name for each in configuration.filters] == ["multiline", "parser", "modify"]
    assert [each.text("log_stream_name") for each in configuration.outputs[:2]] == [
        "FATAL",
        "ERROR",
    ]
    assert configuration.service.text("http_port") == "2020"
    assert configuration.outputs[2].text("bucket") == "logs"
    assert [p.text("exclude") for p in configuration.outputs[3].processors] == [
        "type ^access$",
        "level ^(FATAL|ERROR)$",
    ]


def test_a_written_configuration_is_read_back_unchanged(tmp_path: Path) -> None:
    configuration = load(SHIPPED, ENVIRONMENT)
    again = load_text(render(configuration), tmp_path / "written.yaml", {})
    kept = [[(p.name, p.value) for p in section.properties] for section in configuration.sections()]
    assert [[(p.name, p.value) for p in section.properties] for section in again.sections()] == kept
    assert [p.text("regex") for p in again.outputs[0].processors] == ["level ^FATAL$"]


def test_paths_ports_and_endpoints_are_replaced(tmp_path: Path) -> None:
    moved = override(
        load(SHIPPED, ENVIRONMENT),
        Overrides(tmp_path / "v", tmp_path / "s", "http://127.0.0.1:8083", {2020: 31000}),
    )
    assert moved.inputs[0].text("unix_path") == str(tmp_path / "s")
    assert moved.service.text("storage.path") == f"{tmp_path}/v/var/lib/fluent-bit/buffer"
    assert moved.service.text("http_port") == "31000"
    assert {each.text("endpoint") for each in moved.outputs} == {"http://127.0.0.1:8083"}
    assert moved.outputs[2].text("store_dir") == f"{tmp_path}/v/var/lib/fluent-bit/s3-access"


def test_classic_with_variables_includes_and_a_file_of_parsers(tmp_path: Path) -> None:
    (tmp_path / "parsers.conf").write_text("[PARSER]\n    Name app\n    Format json\n")
    (tmp_path / "outputs.conf").write_text("[FILTER]\n    Name grep\n    Match a\n")
    main = tmp_path / "fluent-bit.conf"
    main.write_text(
        "# a comment\n"
        "@SET who=app\n"
        "[SERVICE]\n"
        "    Flush 2\n"
        "    Parsers_File parsers.conf\n"
        "    storage.path /b\n"
        "[FILTER]\n"
        "    Name grep\n"
        "    Match ${who}.${PLACE}.${NOBODY}\n"
        "@INCLUDE outputs.conf\n"
    )
    configuration = load(main, {"PLACE": "tokyo"})
    validate(configuration)
    assert configuration.filters[0].text("match") == "app.tokyo."
    assert [each.name for each in configuration.parsers] == ["app"]
    assert configuration.filters[1].place.file == tmp_path / "outputs.conf"


def test_yaml_with_env_includes_and_lists(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text("service:\n  storage.path: /b\n")
    main = tmp_path / "fluent-bit.yaml"
    main.write_text(
        "env:\n  STREAM: errors\n"
        "includes:\n  - more.yaml\n"
        "pipeline:\n"
        "  filters:\n    - name: modify\n      match: '*'\n      add: [a 1, b 2]\n"
        "    - name: grep\n      match: '${STREAM}'\n"
    )
    configuration = load(main, {})
    validate(configuration)
    assert configuration.service.text("storage.path") == "/b"
    assert configuration.filters[0].texts("add") == ("a 1", "b 2")
    assert configuration.filters[1].text("match") == "errors"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("pipeline:\n  filters:\n    - name: lua\n      match: '*'\n", "f.yaml:3: filter lua"),
        (
            "pipeline:\n  outputs:\n    - name: s3\n      bucket: b\n      uplod_timeout: 1m\n",
            "f.yaml:5: uplod_timeout of output s3 is not known (did you mean upload_timeout?)",
        ),
        ("pipeline:\n  outputs:\n    - name: s3\n      match: '*'\n", "output s3 has no bucket"),
        ("service:\n  plugins_file: x\n", "f.yaml:2: plugins_file of service"),
        ("pipeline:\n  outputs:\n    - name: kinesis_firehose\n", "output kinesis_firehose"),
        ("plugins:\n  - /x.so\n", "f.yaml:2: plugins is not known"),
        (
            "pipeline:\n  outputs:\n    - {name: s3, processors: {logs: [\n  {name: sql}]}}\n",
            "f.yaml:4: processor sql is not known",
        ),
        (
            "pipeline:\n  inputs:\n    - {name: forward, processors: {logs: [\n  {name: grep}]}}\n",
            "f.yaml:4: processors of an input are not known",
        ),
        ("pipeline:\n  inputs:\n    - name: tail\n      path: x\n", "f.yaml:3: input tail"),
        ("pipeline:\n  outputs:\n    - name: stdout\n", "f.yaml:3: output stdout"),
        ("pipeline:\n  inputs:\n    - name: tcp\n", "f.yaml:3: input tcp"),
        (
            "pipeline:\n  inputs:\n    - name: forward\n      storage.type: memory\n",
            "f.yaml:4: input forward is known with storage.type filesystem alone",
        ),
        ("service:\n  flush: 1\n", "f.yaml:2: service has no storage.path"),
        (
            "multiline_parsers:\n  - name: m\n    type: regex\n",
            "f.yaml:2: [MULTILINE_PARSER] is not known",
        ),
    ],
)
def test_an_unknown_setting_is_reported_with_its_line(
    text: str, named: str, tmp_path: Path
) -> None:
    with pytest.raises(RouterError) as refused:
        validate(load_text(text, tmp_path / "f.yaml", {}))
    assert named in refused.value.message
    assert refused.value.remedy.startswith("install fluent-bit")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Name x\n", "f.conf:1: Name is outside of every section"),
        ("[INPUT]\n@BREAK x\n", "f.conf:2: @BREAK is not a command"),
        ("@INCLUDE nowhere.conf\n", "f.conf:1: "),
        ("@INCLUDE f.conf\n", "includes itself"),
    ],
)
def test_mistakes_of_the_classic_format(text: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "f.conf").write_text(text)
    with pytest.raises(RouterError, match=r"f\.conf") as refused:
        validate(load(tmp_path / "f.conf", {}))
    assert named in refused.value.message


def test_a_generated_configuration_has_the_order_of_ecs() -> None:
    """The expected text comes from amazon-ecs-agent's own test (taskresource/firelens)."""
    options = (
        ("Name", "cloudwatch_logs"),
        ("region", "us-west-2"),
        ("log_group_name", "g"),
        ("include-pattern", "failure"),
        ("exclude-pattern", "success"),
        ("log-driver-buffer-limit", "2097152"),
    )
    task = FirelensTask(
        "mycluster",
        "arn:aws:ecs:us-east-2:012345678910:task/mycluster/3de3",
        "taskdefinition:1",
        (("container", options),),
        external_file="/fluent-bit/etc/extra.conf",
    )
    assert generate(task) == (
        "[INPUT]\n    Name forward\n    Mem_Buf_Limit 25MB\n"
        "    unix_path /var/run/fluent.sock\n\n"
        "[INPUT]\n    Name forward\n    Listen 127.0.0.1\n    Port 24224\n\n"
        "[INPUT]\n    Name tcp\n    Tag firelens-healthcheck\n    Listen 127.0.0.1\n"
        "    Port 8877\n\n"
        "[FILTER]\n    Name   grep\n    Match container-firelens*\n    Regex  log failure\n\n"
        "[FILTER]\n    Name   grep\n    Match container-firelens*\n    Exclude  log success\n\n"
        "[FILTER]\n    Name record_modifier\n    Match *\n    Record ecs_cluster mycluster\n"
        "    Record ecs_task_arn arn:aws:ecs:us-east-2:012345678910:task/mycluster/3de3\n"
        "    Record ecs_task_definition taskdefinition:1\n\n"
        "@INCLUDE /fluent-bit/etc/extra.conf\n\n"
        "[OUTPUT]\n    Name null\n    Match firelens-healthcheck\n\n"
        "[OUTPUT]\n    Name cloudwatch_logs\n    Match container-firelens*\n"
        "    log_group_name g\n    region us-west-2\n"
    )


def test_the_page_about_log_routers_lists_every_known_plugin() -> None:
    page = (SHIPPED.parents[2] / "docs" / "log-routers.md").read_text()
    for kind, plugins in PLUGINS.items():
        for name in plugins:
            assert f"`{name}`" in page, f"{kind} {name}"
