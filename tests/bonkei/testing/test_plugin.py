"""The fixture `bonkei` in another team's tests, with a real miniature; in other languages, too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import httpx
import over_http
import playwright
import psycopg
import pytest

pytest_plugins = "pytester"

STACK = """
provider "aws" { region = "eu-west-1" }
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_subnet" "main" {
  for_each          = { a = "10.0.0.0/24", b = "10.0.1.0/24" }
  vpc_id            = aws_vpc.main.id
  cidr_block        = each.value
  availability_zone = "eu-west-1${each.key}"
}
resource "aws_lb" "web" {
  name    = "web"
  subnets = [for each in aws_subnet.main : each.id]
}
resource "aws_lb_listener" "web" {
  load_balancer_arn = aws_lb.web.arn
  port              = 80
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      message_body = "hello"
      status_code  = 200
    }
  }
}
resource "aws_rds_cluster" "main" {
  cluster_identifier          = "main"
  engine                      = "aurora-postgresql"
  database_name               = "shop"
  master_username             = "boss"
  manage_master_user_password = true
  skip_final_snapshot         = true
}
resource "aws_rds_cluster_instance" "main" {
  cluster_identifier = aws_rds_cluster.main.id
  engine             = aws_rds_cluster.main.engine
  instance_class     = "db.serverless"
}
resource "aws_s3_bucket" "files" { bucket = "files-of-a-shop" }
resource "aws_s3_object" "declared" {
  bucket  = aws_s3_bucket.files.id
  key     = "declared"
  content = "as declared"
}
resource "aws_sqs_queue" "orders" { name = "orders" }
resource "aws_dynamodb_table" "carts" {
  name         = "carts"
  hash_key     = "id"
  billing_mode = "PAY_PER_REQUEST"
  attribute {
    name = "id"
    type = "S"
  }
}
"""

TESTS = """
import time
import urllib.request

import pytest


@pytest.fixture(scope="session")
def database(bonkei):
    with bonkei.connect() as connection:
        key = "int GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
        connection.execute(f"CREATE TABLE parents (id {key}, n text)")
        connection.execute("CREATE TABLE kids (id serial, parent int REFERENCES parents)")
        connection.execute("INSERT INTO parents (n) VALUES ('kept'), (E'two\\\\nlines')")
        connection.execute("INSERT INTO kids (parent) VALUES (1)")
        bonkei.keep()
        yield connection


@pytest.fixture(autouse=True)
def clean(bonkei, database):
    yield
    begun = time.monotonic()
    bonkei.reset()
    print(f"reset in {time.monotonic() - begun:.3f} s")


def contents(bonkei, database):
    s3, dynamodb = bonkei.aws("s3"), bonkei.aws("dynamodb")
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket="files-of-a-shop")["Contents"]]
    return (
        database.execute("SELECT id, n FROM parents ORDER BY id").fetchall(),
        database.execute("SELECT id, parent FROM kids").fetchall(),
        {key: s3.get_object(Bucket="files-of-a-shop", Key=key)["Body"].read() for key in keys},
        dynamodb.scan(TableName="carts")["Items"],
    )


BEGIN = ([(1, "kept"), (2, "two\\nlines")], [(1, 1)], {"declared": b"as declared"}, [])


@pytest.mark.parametrize("turn", range(3))
def test_each_test_begins_alike(bonkei, database, turn):
    assert urllib.request.urlopen(bonkei.url).read() == b"hello"
    assert contents(bonkei, database) == BEGIN
    new = database.execute("INSERT INTO parents (n) VALUES ('mine') RETURNING id").fetchone()
    assert new == (3,)
    assert database.execute("INSERT INTO kids VALUES (DEFAULT, 3) RETURNING id").fetchone() == (2,)
    database.execute("DELETE FROM kids WHERE id = 1")
    s3, sqs = bonkei.aws("s3"), bonkei.aws("sqs")
    s3.put_object(Bucket="files-of-a-shop", Key="mine", Body=b"1")
    s3.put_object(Bucket="files-of-a-shop", Key="declared", Body=b"changed")
    queue = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    sqs.send_message(QueueUrl=queue, MessageBody="mine")
    bonkei.aws("dynamodb").put_item(TableName="carts", Item={"id": {"S": "mine"}})
    assert contents(bonkei, database) != BEGIN
"""


@pytest.mark.timeout(300)
def test_the_data_of_a_test_is_gone_before_the_next(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BONKEI_HOME", "BONKEI_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    pytester.makefile(".toml", bonkei='definitions = "deploy"\n')
    pytester.mkdir("deploy").joinpath("main.tf").write_text(STACK)
    pytester.makepyfile(TESTS)
    ran = pytester.runpytest_subprocess("-q", "-rP", "-p", "no:cacheprovider")
    ran.assert_outcomes(passed=3)
    print(ran.stdout.str())


# Both come with the development environment: Node as a part of Playwright.
NODE = str(Path(playwright.__file__).parent / "driver" / "node")
GO = str(Path(sys.executable).parent / "go")
# Go compiles its whole standard library first. Without optimisation that takes a third less.
COMPILED = {"CGO_ENABLED": "0", "GOFLAGS": "'-gcflags=all=-N -l' -ldflags=-w"}
EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
START = "uvx --from bonkei --with boto3 python -m bonkei.testing"


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What `python -m bonkei.testing` says, while its input is open."""
    project = tmp_path_factory.mktemp("project")
    project.joinpath("bonkei.toml").write_text('definitions = "deploy"\n')
    project.joinpath("deploy").mkdir()
    project.joinpath("deploy", "main.tf").write_text(STACK)
    own = ("BONKEI_HOME", "BONKEI_DATABASE_URL")
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "bonkei.testing"],
        cwd=project,
        env={name: value for name, value in os.environ.items() if name not in own},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        line = process.stdout.readline()
        yield line
        process.stdin.close()
        assert process.wait(60) == 0
    with pytest.raises(httpx.TransportError):
        over_http.get(json.loads(line)["url"])


@pytest.mark.timeout(300)
def test_other_languages_reset_the_data_by_a_call(said: str) -> None:
    bonkei = json.loads(said)
    assert over_http.get(bonkei["url"]).text == "hello"
    given = bonkei["environment"]
    s3 = boto3.client(
        "s3",
        endpoint_url=given["AWS_ENDPOINT_URL"],
        region_name=given["AWS_REGION"],
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
    )
    with psycopg.connect(bonkei["databases"]["main"], autocommit=True) as database:
        database.execute("CREATE TABLE orders (id serial)")
        assert over_http.post(bonkei["keep"], timeout=60).status_code == 204
        database.execute("INSERT INTO orders DEFAULT VALUES")
        s3.put_object(Bucket="files-of-a-shop", Key="mine", Body=b"1")
        begun = time.monotonic()
        assert over_http.post(bonkei["reset"], timeout=60).status_code == 204
        print(f"reset in {time.monotonic() - begun:.3f} s")
        assert database.execute("SELECT count(*) FROM orders").fetchone() == (0,)
        assert s3.list_objects_v2(Bucket="files-of-a-shop")["KeyCount"] == 1


@pytest.mark.timeout(300)
def test_a_call_without_the_token_and_a_lock_that_stays_are_refused(said: str) -> None:
    bonkei = json.loads(said)
    without = httpx.URL(bonkei["reset"]).copy_with(path="/reset")
    assert over_http.post(without).status_code == 404
    with psycopg.connect(bonkei["databases"]["main"]) as other:
        other.execute("CREATE TABLE IF NOT EXISTS locked ()")
        other.commit()
        other.execute("LOCK TABLE locked")
        refused = over_http.post(bonkei["reset"], timeout=60)
    assert refused.status_code == 500
    assert "lock timeout" in refused.text


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("file", "command", "passed"),
    [
        ("shop.test.mjs", [NODE, "--test", "--test-reporter=tap"], "# pass 1"),
        ("shop_test.go", [GO, "test", "."], "ok"),
    ],
)
def test_the_documented_example_runs(
    said: str, tmp_path: Path, file: str, command: list[str], passed: str
) -> None:
    example = (EXAMPLES / file).read_text()
    assert START in example
    # In place of one more miniature: it says the same, and ends with its input, too.
    tmp_path.joinpath("said").write_text(said)
    tmp_path.joinpath(file).write_text(example.replace(START, "cat said -"))
    tmp_path.joinpath("go.mod").write_text("module shop\n")
    given = {**os.environ, **COMPILED}
    done = subprocess.run(
        command, cwd=tmp_path, env=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert passed in done.stdout
