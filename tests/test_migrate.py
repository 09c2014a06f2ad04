"""Migrations: frozen once shipped, run once, refused when edited or newer, and each run writes the grants anew."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from typing import Any

import psycopg2
import pytest
import shapely
from h3.api import basic_int
from psycopg2 import sql
from test_counts import recounted

from geo.errors import Conflict
from layers.catalogue.catalogue import CATALOGUE
from layers.database.grants import row_rules
from layers.database.migrate import frozen_hashes, migrate, migrations
from layers.heat.cells import refine_cells

SCHEMA = Path(__file__).resolve().parent.parent / "layers" / "schema"


def rows(database: Any, sql: str) -> list[tuple[Any, ...]]:
    with database.transaction() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def state(database: Any) -> list[list[tuple[Any, ...]]]:
    """Columns, functions, triggers, policies and grants: what a migration could have changed."""
    return [
        rows(database, sql)
        for sql in (
            "select table_name, column_name, data_type from information_schema.columns where table_schema = 'wangge'"
            " order by 1, 2",
            "select proname, prosrc, proacl::text from pg_proc where pronamespace = 'wangge'::regnamespace order by 1",
            "select tgrelid::regclass::text, tgname from pg_trigger where not tgisinternal order by 1, 2",
            "select tablename, policyname, cmd, roles::text, qual from pg_policies order by 1, 2",
            "select oid::regclass::text, relacl::text, relrowsecurity from pg_class"
            " where relnamespace = 'wangge'::regnamespace order by 1",
            "select name, sha256 from public.wangge_migrations order by 1",
        )
    ]


@pytest.fixture
def unmigrated(cluster: Any) -> Iterator[str]:
    """Address of a database that has the extensions and nothing else, as its owner."""
    from layers.database.server import OWNER, create_database, create_extensions, drop_database

    create_database(cluster.admin_dsn, "unmigrated")
    create_extensions(cluster.dsn("postgres", "unmigrated"))
    yield cluster.dsn(OWNER, "unmigrated")
    drop_database(cluster.admin_dsn, "unmigrated")


def test_shipped_files_are_as_they_shipped() -> None:
    """Edit a shipped migration and every database that ran it is refused: write a new one instead."""
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in SCHEMA.glob("*.sql")}
    assert files == frozen_hashes()
    assert {migration.name: migration.sha256 for migration in migrations()} == files


def test_migrations_are_numbered_without_a_gap() -> None:
    names = [migration.name for migration in migrations()]
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert all(re.fullmatch(r"\d{4}_[a-z_]+\.sql", name) for name in names)


def test_a_second_run_changes_nothing(db: Any) -> None:
    before = state(db)
    told: list[str] = []
    assert migrate(db.owner_dsn, told.append) == told == []
    assert state(db) == before


def test_two_services_that_start_at_once_migrate_once(unmigrated: str) -> None:
    together = Barrier(2)
    told: list[str] = []

    def start(_: int) -> list[str]:
        together.wait(timeout=90)
        return migrate(unmigrated, told.append)

    with ThreadPoolExecutor(2) as pool:
        ran = sorted(pool.map(start, range(2)), key=len)
    names = [migration.name for migration in migrations()]
    assert ran == [[], names]
    assert told == names


def test_a_deadlock_with_a_service_that_is_up_is_tried_again(db: Any) -> None:
    """A reader holds the last table that the grants lock and then wants the first: PostgreSQL ends the migration, which
    has waited longer, and what it then finds is as ever."""
    first, *_, last = row_rules()
    before = state(db)
    with db.transaction() as cursor:
        cursor.execute("grant insert on wangge.cases to wangge_api")  # so that there is something to be written
    with closing(psycopg2.connect(db.owner_dsn)) as reader, ThreadPoolExecutor(1) as pool, reader.cursor() as cur:
        cur.execute(f"select from wangge.{last} limit 1")
        began = pool.submit(migrate, db.owner_dsn)
        waits = "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        while not rows(db, waits):
            assert not began.done()
        cur.execute(f"select from wangge.{first} limit 1")
        reader.rollback()
        assert began.result(30) == []
    assert state(db) == before


def test_an_edited_migration_is_refused_by_name(db: Any) -> None:
    name = migrations()[1].name
    with db.transaction() as cursor:
        cursor.execute("update public.wangge_migrations set sha256 = repeat('0', 64) where name = %s", (name,))
    before = state(db)
    with pytest.raises(Conflict) as refused:
        migrate(db.owner_dsn)
    assert (refused.value.key, refused.value.values) == ("schema.edited", {"name": name})
    assert state(db) == before


def test_a_newer_database_is_refused(db: Any) -> None:
    with db.transaction() as cursor:
        cursor.execute("insert into public.wangge_migrations (name, sha256) values ('9999_later.sql', 'x')")
    with pytest.raises(Conflict) as refused:
        migrate(db.owner_dsn)
    assert (refused.value.key, refused.value.values) == ("schema.newer", {"name": "9999_later.sql"})


def test_a_migration_that_fails_leaves_nothing_behind(unmigrated: str) -> None:
    """All of them are one transaction: the second stumbles over a function that is there, and the first is undone."""
    connection = psycopg2.connect(unmigrated)
    with connection, connection.cursor() as cursor:
        cursor.execute("create schema wangge")  # the first migration makes it, and so fails
    with pytest.raises(psycopg2.errors.DuplicateSchema):
        migrate(unmigrated)
    with connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass('public.wangge_migrations'), to_regclass('wangge.city')")
        assert cursor.fetchone() == (None, None)
        cursor.execute("drop schema wangge")
    connection.close()
    assert migrate(unmigrated) == [migration.name for migration in migrations()]


def test_each_run_takes_back_what_was_granted_by_hand(db: Any) -> None:
    before = state(db)
    with db.transaction() as cursor:
        cursor.execute("grant insert, delete on wangge.cases to wangge_api")
        cursor.execute("drop policy reading on wangge.cameras")
        cursor.execute("create policy reading on wangge.cameras for select to wangge_api using (true)")
        cursor.execute("alter table wangge.findings disable row level security")
    assert state(db) != before
    migrate(db.owner_dsn)
    assert state(db) == before


def test_a_command_beside_readers_locks_nothing(db: Any) -> None:
    """Nothing is to be written, so nobody who reads in a transaction of his own is waited for, nor waits."""
    with closing(psycopg2.connect(db.owner_dsn)) as reader, reader.cursor() as cur:
        for table in row_rules():
            cur.execute(sql.SQL("select count(*) from {}").format(sql.Identifier("wangge", table)))
        migrate(f"{db.owner_dsn} options='-c lock_timeout=1s'")


def test_every_table_that_holds_rows_of_a_township_has_a_row_rule(db: Any) -> None:
    """A new table with a township_code that the service may read needs a rule, or it is read by everybody."""
    readable = rows(
        db,
        "select relname from pg_class join pg_attribute on attrelid = pg_class.oid"
        " where relnamespace = 'wangge'::regnamespace and relkind in ('r', 'v', 'm') and attname = 'township_code'"
        " and has_table_privilege('wangge_api', pg_class.oid, 'select')",
    )
    # a view has its rule in its text
    views = {layer.table: layer.row_rule for layer in CATALOGUE.values() if layer.tables}
    for view, rule in views.items():
        ((text,),) = rows(db, f"select pg_get_viewdef('wangge.{view}'::regclass)")
        assert text.count(re.sub(r"\(select |\)+$", "", rule)) == text.count("FROM wangge.") - 1
    assert {name for (name,) in readable} <= set(row_rules()) | set(views)
    assert {"cases", "cameras", "case_counts"} <= {name for (name,) in readable}


def test_a_city_of_ones_own_is_known_by_its_county(db):
    with db.transaction() as cur:
        cur.execute(
            "insert into wangge.divisions (code, name, level, geom) values"
            " ('320684', '海门区', 'county', st_multi(st_makeenvelope(121.0, 31.8, 121.4, 32.1, 4490)))"
        )
        cur.execute("select code, name, sample, metric_srid, st_xmin(outline) from wangge.city")
        assert cur.fetchall() == [("320684", "海门区", False, 4549, 121.0)]
        cur.execute("select area_m2 > 1.2e9 from wangge.divisions")
        assert cur.fetchall() == [(True,)]


def test_what_is_loaded_into_the_sample_stays_marked_as_a_sample(city_copy):
    with city_copy.transaction() as cur:
        cur.execute("update wangge.divisions set name = '别处' where level = 'county'")
        cur.execute("select name, sample from wangge.city")
        assert cur.fetchall() == [("泰兴市", True)]


def test_cases_of_the_first_version_come_along(unmigrated: str) -> None:
    """Counted in cells of resolution 9, types in a register's words: now in 10, and by the table's names."""
    places = [(120.05 + 0.003 * n, 32.17 - 0.002 * n) for n in range(12)]
    with psycopg2.connect(unmigrated) as connection, connection.cursor() as cur:
        cur.execute("create table public.wangge_migrations (name text primary key, sha256 text not null,"
                    " ran_at timestamptz not null default now())")  # fmt: skip
        for migration in migrations():
            if migration.name < "0007":
                cur.execute(migration.sql)
                cur.execute("insert into public.wangge_migrations values (%s, %s)", (migration.name, migration.sha256))
        cur.execute("insert into wangge.case_types values ('matter', '06', '街面秩序', '06020', '焚烧垃圾、树叶')")
        for number, (lon, lat) in enumerate(places):
            cell = basic_int.latlng_to_cell(lat, lon, 9)
            for known, parent in ((basic_int.cell_to_parent(cell, 8), None), (cell, basic_int.cell_to_parent(cell, 8))):
                ring = shapely.Polygon([(x, y) for y, x in basic_int.cell_to_boundary(known)]).wkt
                cur.execute(
                    "insert into wangge.h3_cells (cell, resolution, parent, geom) values"
                    " (%s, %s, %s, st_geomfromtext(%s, 4490)) on conflict do nothing",
                    (known, basic_int.get_resolution(known), parent, ring),
                )
            cur.execute(
                "insert into wangge.cases (case_no, category, type_code, type_name, channel, state, reported_at,"
                " township_code, cell, geom) values (%s, 'matter', '06020', '烧垃圾', '巡查', '上报', %s, '321283100',"
                " %s, st_setsrid(st_makepoint(%s, %s), 4490))",
                (f"old-{number}", f"2024-0{1 + number % 3}-05 12:00+08", cell, lon, lat),
            )
    connection.close()
    assert migrate(unmigrated)[0] == "0007_counts.sql"
    assert migrate(unmigrated) == []
    with closing(psycopg2.connect(unmigrated)) as connection, connection.cursor() as cur:
        cur.execute("select case_no, cell, type_name from wangge.cases")
        found = {number: (cell, name) for number, cell, name in cur.fetchall()}
        assert found == {
            f"old-{number}": (basic_int.latlng_to_cell(lat, lon, 10), "焚烧垃圾、树叶")
            for number, (lon, lat) in enumerate(places)
        }
        recounted(cur)
        cur.execute("select count(*) from wangge.h3_cells as known join wangge.cases using (cell)"
                    " where known.resolution = 10 and st_intersects(known.geom, cases.geom)")  # fmt: skip
        assert cur.fetchone() == (len(places),)
        assert refine_cells(cur) == 0, "nothing is left to be done"
