"""A person looks into the tables: a hostile one too, and nothing changes or suffers."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import psutil
import pytest
import pytest_asyncio
from psycopg import sql

from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.reading import reader as module
from bonkei.services.rds.reading import role
from bonkei.services.rds.reading.allowance import Allowance
from bonkei.services.rds.reading.reader import ROWS, Reader, ReadingError
from bonkei.services.rds.reading.statements import SHOWN
from bonkei.services.rds.reading.values import Table
from tests.bonkei.services.rds.conftest import Make, Running, cluster

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATIENT = 59.5
"""Seconds for a statement that has to succeed: a busy machine is not a fault."""
MARKUP = 'we"ird <script>alert(1)</script>'
THINGS = Table("public", "things")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tables(running: Running) -> Running:
    with running.connect() as connection:
        connection.execute("CREATE TABLE things (id int PRIMARY KEY, word text, day date)")
        connection.execute(
            "INSERT INTO things SELECT g, repeat('<b>', 10), 'infinity'"
            " FROM generate_series(1, 120) g"
        )
        connection.execute("INSERT INTO things VALUES (0, repeat('x', 10000000), NULL)")
        name = sql.Identifier(MARKUP)
        connection.execute(sql.SQL('CREATE TABLE {} ("a b%s" text)').format(name))
        connection.execute(sql.SQL("INSERT INTO {} VALUES (E'\\x01\\u202e')").format(name))
        connection.execute(
            "CREATE FUNCTION sly() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS $$"
            " BEGIN INSERT INTO things VALUES (-1); RETURN 1; END $$"
        )
        connection.execute("CREATE TABLE open_to_all (n int)")
        connection.execute("GRANT ALL ON open_to_all TO PUBLIC")
        connection.execute("CREATE SEQUENCE numbers")
        connection.execute("GRANT ALL ON SEQUENCE numbers TO PUBLIC")
    return running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reader(tables: Running) -> AsyncIterator[Reader]:
    made = tables.database.reader
    yield Reader(made._admin, made.database, seconds=PATIENT)


@pytest.fixture
def impatient(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """The same one: another would change the role's password."""
    monkeypatch.setattr(reader, "_seconds", 0.6)
    # The server ends what takes longer: a busy machine does not come before it.
    monkeypatch.setattr(module, "_GRACE", 60.0)
    return reader


async def test_tables_are_listed_from_the_catalogue(reader: Reader) -> None:
    found = {(each.name, each.kind) for each in await reader.relations()}
    assert {("things", "table"), (MARKUP, "table")} <= found


async def test_a_table_that_was_never_analysed_has_its_size(
    tables: Running, impatient: Reader
) -> None:
    sizes = {each.name: each.size for each in await impatient.relations()}
    assert (sizes["things"] > 8192, sizes["open_to_all"]) == (True, 0)
    with tables.connect() as connection, connection.transaction():
        connection.execute("LOCK TABLE things IN ACCESS EXCLUSIVE MODE")
        assert {each.name for each in await impatient.relations()} == sizes.keys()


async def test_a_page_has_the_beginning_of_each_value_in_the_order_of_the_key(
    reader: Reader,
) -> None:
    page = await reader.rows(THINGS)
    assert [each.type for each in page.columns] == ["integer", "text", "date"]
    first = page.rows[0][1]
    assert (page.rows[0][0].text, len(first.text or ""), first.length) == ("0", SHOWN, 10_000_000)
    assert page.rows[0][2].text is None
    assert (len(page.rows), page.more) == (ROWS, True)


async def test_the_last_page_ends(reader: Reader) -> None:
    page = await reader.rows(THINGS, 100)
    assert [line[0].text for line in page.rows][-1] == "120"
    assert (len(page.rows), page.more) == (21, False)


async def test_values_that_no_program_could_hold_are_text(reader: Reader) -> None:
    page = await reader.rows(THINGS, 1)
    assert page.rows[0][2].text == "infinity"


async def test_names_with_markup_and_quotes_are_names(reader: Reader) -> None:
    page = await reader.rows(Table("public", MARKUP))
    assert (page.columns[0].name, page.rows[0][0].text) == ("a b%s", "\x01\u202e")


@pytest.mark.parametrize("offset", [-1, 10**7])
async def test_a_page_far_behind_is_refused(reader: Reader, offset: int) -> None:
    with pytest.raises(ReadingError, match="a page begins at"):
        await reader.rows(THINGS, offset)


async def test_no_table_of_a_name_is_said(reader: Reader) -> None:
    with pytest.raises(ReadingError, match="there is no table"):
        await reader.rows(Table("public", "nothing'; DROP TABLE things; --"))


WRITES = [
    "INSERT INTO things VALUES (-5)",
    "INSERT INTO open_to_all VALUES (1)",
    "DELETE FROM things",
    "UPDATE things SET word = ''",
    "TRUNCATE open_to_all",
    "DROP TABLE things",
    "WITH gone AS (DELETE FROM open_to_all RETURNING 1) SELECT * FROM gone",
    "EXPLAIN ANALYZE DELETE FROM open_to_all",
    "SELECT * FROM things FOR UPDATE",
    "SELECT sly()",
    "SELECT set_config('transaction_read_only', 'off', false), sly()",
    "SET TRANSACTION READ WRITE",
    "DO $$ BEGIN SET TRANSACTION READ WRITE; INSERT INTO open_to_all VALUES (2); END $$",
    "DO $$ BEGIN COMMIT; INSERT INTO open_to_all VALUES (2); END $$",
    "COMMIT; DROP TABLE things",
    "SELECT 1; DROP TABLE things",
    "SELECT nextval('numbers')",
    "SELECT query_to_xml('DELETE FROM open_to_all', true, true, '')",
    "CREATE TEMP TABLE mine AS SELECT 1",
    "SELECT lo_create(0)",
    "LOCK TABLE things IN ACCESS EXCLUSIVE MODE",
    "VACUUM things",
]
REACHES = [
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT lo_import('/etc/passwd')",
    "COPY things TO PROGRAM 'id'",
    "COPY things TO '/tmp/taken'",
    "COPY open_to_all FROM '/etc/passwd'",
    "COPY things TO STDOUT",
    "SELECT current_setting('data_directory')",
    "SELECT pg_reload_conf()",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()",
    "LOAD 'plpgsql'",
    "CREATE EXTENSION dblink",
    "SET ROLE master",
    "SET SESSION AUTHORIZATION rdsadmin",
    "ALTER ROLE bonkei_reader SUPERUSER",
    "ALTER ROLE bonkei_reader PASSWORD 'x'",
    "SET temp_file_limit = -1",
]


@pytest.mark.parametrize("statement", [*WRITES, *REACHES])
async def test_what_writes_or_reaches_out_is_refused_by_the_server(
    reader: Reader, tables: Running, statement: str
) -> None:
    with pytest.raises(ReadingError):
        await reader.query(statement)
    with tables.connect() as connection:
        counted = connection.execute(
            "SELECT (SELECT count(*) FROM things), (SELECT count(*) FROM open_to_all),"
            " (SELECT is_called FROM numbers)"
        ).fetchone()
    assert counted == (121, 0, False)


@pytest.mark.parametrize("statement", ["COMMIT", "SET statement_timeout = 0", "", "BEGIN"])
async def test_what_answers_no_row_answers_none_and_leaves_nothing(
    reader: Reader, statement: str
) -> None:
    assert (await reader.query(statement)).rows == ()
    assert [each[0].text for each in (await reader.query("SHOW statement_timeout")).rows] == [
        "59500ms"
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT pg_sleep(600)",
        "DO $$ BEGIN SET statement_timeout = 0; PERFORM pg_sleep(600); END $$",
        "WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT 1 FROM r) SELECT count(*) FROM r",
    ],
)
async def test_what_takes_long_ends(impatient: Reader, statement: str) -> None:
    began = time.monotonic()
    with pytest.raises(ReadingError, match="took longer"):
        await impatient.query(statement)
    assert time.monotonic() - began < 50


async def test_a_pause_between_two_statements_is_not_a_slow_statement(
    impatient: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    gather = module._gather

    async def late(*given: Any) -> None:
        await asyncio.sleep(1.0)
        await gather(*given)

    monkeypatch.setattr(module, "_gather", late)
    assert (await impatient.query("SELECT 1")).rows[0][0].text == "1"


async def test_endless_rows_are_cut(reader: Reader) -> None:
    found = await reader.query("SELECT generate_series(1, 100000)")
    assert (len(found.rows), found.more) == (4 * ROWS, True)


async def test_a_value_of_fifty_megabytes_costs_two(reader: Reader) -> None:
    process = psutil.Process()
    before = process.memory_info().rss
    found = await reader.query("SELECT repeat('x', 50000000)")
    assert (found.rows, found.more, "more than 2 MB" in found.note) == ((), True, True)
    assert process.memory_info().rss - before < 20_000_000


async def test_the_role_has_nothing_that_it_was_not_given_here(tables: Running) -> None:
    """A right that a user grants to it is revoked at the next start."""
    made = tables.database.reader
    with made._admin().open() as admin:
        admin.execute("GRANT pg_read_server_files TO bonkei_reader")
        admin.execute("ALTER ROLE bonkei_reader SUPERUSER")
        role.ensure(admin)
    again = Reader(made._admin, made.database, seconds=PATIENT)
    for statement in ("SELECT pg_read_file('/etc/passwd')", "COPY things TO PROGRAM 'id'"):
        with pytest.raises(ReadingError, match="permission denied"):
            await again.query(statement)


async def frozen_while_it_answers(reader: Reader, tables: Running) -> ReadingError:
    """The end of a question to a server that is frozen meanwhile."""
    pid = tables.database.snapshot().pid
    assert pid is not None
    asked = asyncio.create_task(reader.query("SELECT pg_sleep(61)"))
    active = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE %s"
    with tables.connect() as connection:
        while not asked.done() and not connection.execute(active, ["%pg_sleep(61)%"]).rowcount:
            await asyncio.sleep(0.02)
    frozen = [pid, *(child.pid for child in psutil.Process(pid).children())]
    for each in frozen:
        with suppress(ProcessLookupError):  # a worker that has just ended
            os.kill(each, signal.SIGSTOP)
    try:
        done, _ = await asyncio.wait({asked}, timeout=60)
        assert done == {asked}, "while the server is frozen"
    finally:
        for each in frozen:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGCONT)
    [end] = await asyncio.gather(asked, return_exceptions=True)
    assert isinstance(end, ReadingError)
    return end


async def test_a_frozen_server_does_not_hold_its_reader(tables: Running) -> None:
    made = tables.database.reader
    reader = Reader(made._admin, made.database, seconds=4.0)
    end = await frozen_while_it_answers(reader, tables)
    while "took longer" in str(end):  # a busy machine froze it when its time was over
        end = await frozen_while_it_answers(reader, tables)
    assert "has not answered" in str(end)


async def test_more_questions_than_places_wait_and_are_refused(tables: Running) -> None:
    made = tables.database.reader
    reader = Reader(made._admin, made.database, seconds=0.6)
    asked = [asyncio.create_task(reader.query("SELECT pg_sleep(60)")) for _ in range(6)]
    done = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(each, ReadingError) for each in done)
    assert sum("other questions" in str(each) for each in done) == 4, [str(each) for each in done]


async def test_a_password_that_another_has_changed_is_made_anew(tables: Running) -> None:
    made = tables.database.reader
    reader = Reader(made._admin, made.database, seconds=PATIENT)
    await reader.query("SELECT 1")
    with reader._admin().open() as admin:
        role.ensure(admin)
    with pytest.raises(ReadingError, match="password"):
        await reader.query("SELECT 1")
    assert (await reader.query("SELECT 1")).rows[0][0].text == "1"


async def test_a_server_of_ones_own_gets_no_role(make: Make) -> None:
    database = make(cluster(), url="postgresql://me:secret@127.0.0.1:1/postgres")
    with pytest.raises(DatabaseError, match="a server of your own"):
        _ = database.reader


async def test_a_stopped_cluster_says_so(make: Make) -> None:
    with pytest.raises(DatabaseError, match="is stopped"):
        await make(cluster()).reader.query("SELECT 1")


async def test_an_allowance_ends_what_never_ends() -> None:
    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x" * 1024)
            try:
                await writer.drain()
            except ConnectionError:
                writer.close()
                return

    server = await asyncio.start_server(endless, "127.0.0.1", 0)
    target = server.sockets[0].getsockname()[:2]
    async with Allowance(target, 10_000, 60.0) as way:
        reader, writer = await asyncio.open_connection("127.0.0.1", way.port)
        received = 0
        with suppress(ConnectionError):
            while piece := await reader.read(1024):
                received += len(piece)
        assert way.is_spent
        assert received <= 10_000
        writer.close()
    server.close()
