"""Editing in the database itself, as a login of the group of editors: the working copy takes it, nothing else does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from direct_editing import TABLES, direct_login, refused, state
from editing import editor, neighbours_in_village, rows, write

from layers.changes.publish import publish
from layers.database.database import bind
from layers.identity import acting
from layers.jobs.queue import JobQueue
from layers.texts import say
from processes.registry import PROCESSES

VIEWS = "select relname from pg_class where relnamespace = 'wangge'::regnamespace and relkind = 'v' order by 1"
SEQUENCES = "select relname from pg_class where relnamespace = 'wangge'::regnamespace and relkind = 'S' order by 1"
FUNCTIONS = """
    select oid::regprocedure::text, provolatile, pronargs from pg_proc
    where pronamespace = 'wangge'::regnamespace and prorettype <> 'trigger'::regtype and prokind = 'f'
    order by 1
"""


@pytest.fixture
def login(city_copy: Any) -> Iterator[Any]:
    """A connection of one who edits directly."""
    with direct_login(city_copy) as connection:
        yield connection


def test_the_view_is_written_as_a_table(city_copy: Any, login: Any) -> None:
    code, other = neighbours_in_village(city_copy)
    before = state(city_copy)
    with login.cursor() as cur:
        cur.execute("select fid from wangge.grid_edits where code = %s", (code,))
        ((fid,),) = cur.fetchall()
        # as QGIS does it: by the key, attributes and geometry one after the other
        cur.execute("update wangge.grid_edits set name = '改名', area_m2 = 1 where fid = %s", (fid,))
        assert cur.rowcount == 1
        cur.execute(
            "update wangge.grid_edits set geom = st_multi(st_buffer(geom, 0)) where fid = %s"
            " returning op, area_m2 > 1000", (fid,),
        )  # fmt: skip
        assert cur.fetchall() == [("update", True)]
        cur.execute(
            "insert into wangge.grid_edits (name, geom) select '新', geom from wangge.grid_edits where code = %s"
            " returning id, village_code", (other,),
        )  # fmt: skip
        ((new, village),) = cur.fetchall()
        assert (new.startswith("new-"), village) == (True, other[:12])
        cur.execute("delete from wangge.grid_edits where code = %s", (other,))
        cur.execute("select count(*), count(distinct fid) from wangge.grid_edits")
        assert cur.fetchall() == [(1412, 1412)]
        cur.execute("select author, owner from wangge.change_sets")
        assert cur.fetchall() == [("wang_editor", "login wang_editor")]
    assert state(city_copy) == before
    who = editor(city_copy, "boss", "admin")
    with acting(who):
        done = publish(city_copy.api, 1)
    assert done.number is not None, done.blocking
    assert done.codes == {code: code, new: other}
    assert rows(city_copy, "select name from wangge.grids where code = %s and valid_to is null", code) == [("改名",)]


def test_what_is_edited_is_flagged_at_once_and_then_checked(city_copy: Any, login: Any) -> None:
    """A note in the same transaction, one job however many edits there were, and what it finds in place of the note."""
    code, other = neighbours_in_village(city_copy)
    with login.cursor() as cur:
        cur.execute("begin")
        for _ in range(3):
            cur.execute("update wangge.grid_edits set geom = (select st_multi(st_union(geom)) from wangge.grid_edits"
                        " where code in (%s, %s)) where code = %s", (code, other, code))  # fmt: skip
        cur.execute("select kind, severity, ids, message, message_en from wangge.findings")
        told = cur.fetchall()
        assert told == [("unchecked", "note", [code], say("finding.unchecked", "zh", ids=code),
                         say("finding.unchecked", "en", ids=code))]  # fmt: skip
        cur.execute("commit")
        assert rows(city_copy, "select process, status, inputs::text, asker_role, key_id from wangge.jobs") == [
            ("check-change-set", "accepted", '{"change_set" : 1}', "admin", None)]  # fmt: skip
    queue = JobQueue(city_copy.owner_dsn)
    taken = queue.take()
    assert taken is not None
    bind(city_copy.api)
    with acting(taken.asker):
        _, answer = PROCESSES[taken.process]().execute(json.loads(taken.inputs))
    assert answer["error"] == 1
    queue.close()
    with login.cursor() as cur:
        cur.execute("select kind, severity, ids from wangge.findings where severity in ('error', 'note')")
        assert cur.fetchall() == [("overlap", "error", [code, other])]
        # an edit that comes while a check runs has a check of its own
        cur.execute("delete from wangge.grid_edits where code = %s", (other,))
    assert rows(city_copy, "select status from wangge.jobs order by number") == [("running",), ("accepted",)]


def test_what_an_editor_opens_is_the_map_of_today(city_copy: Any, login: Any) -> None:
    with city_copy.transaction() as cur:
        cur.execute("select code from wangge.divisions where level = 'village' order by code limit 1")
        ((village,),) = cur.fetchall()
        cur.execute("update wangge.divisions set valid_from = current_date - 3 where code = %s", (village,))
        cur.execute(
            "insert into wangge.divisions (code, name, level, parent_code, geom, valid_to)"
            " select code, '旧名', level, parent_code, geom, valid_from from wangge.divisions where code = %s",
            (village,),
        )  # fmt: skip
        cur.execute("insert into wangge.grids (code, name, kind, village_code, geom, valid_from, valid_to)"
                    " select village_code || '499', '旧', kind, village_code, geom, current_date - 9, current_date"
                    " from wangge.grids order by code limit 1")  # fmt: skip
    with login.cursor() as cur:
        # what QGIS lists
        cur.execute("select distinct f_table_name from geometry_columns order by 1")
        assert cur.fetchall() == [("divisions",), ("findings",), ("grid_edits",), ("grids",)]
        cur.execute("select name from wangge.divisions where code = %s", (village,))
        assert len(cur.fetchall()) == 1
        for table in ("divisions", "grids"):
            cur.execute(f"select count(*) from wangge.{table} where valid_to is not null")  # noqa: S608 - our own two names
            assert cur.fetchall() == [(0,)]
        cur.execute("select obj_description('wangge.divisions'::regclass),"
                    " col_description('wangge.divisions'::regclass, (select attnum from pg_attribute"
                    " where attrelid = 'wangge.divisions'::regclass and attname = 'valid_to'))")  # fmt: skip
        ((table, column),) = cur.fetchall()
        assert table.startswith("行政区划：") and column == "终止日期"


def test_the_service_s_own_edits_wait_for_no_job(city_copy: Any) -> None:
    code, _ = neighbours_in_village(city_copy)
    write(city_copy, editor(city_copy), ("patch", code, {"name": "甲"}, None))
    assert rows(city_copy, "select count(*) from wangge.jobs") == [(0,)]
    assert rows(city_copy, "select count(*) from wangge.findings where kind = 'unchecked'") == [(0,)]


def test_an_invalid_polygon_is_refused_with_its_place(login: Any) -> None:
    bow = "MULTIPOLYGON(((120 32.1, 120.01 32.11, 120.01 32.1, 120 32.11, 120 32.1)))"
    with login.cursor() as cur:
        with pytest.raises(psycopg2.Error) as refused:
            cur.execute("insert into wangge.grid_edits (name, geom) values ('x', st_geomfromtext(%s, 4490))", (bow,))
        assert "120.005" in str(refused.value)
        assert "几何无效" in str(refused.value)
        assert "the geometry is invalid" in str(refused.value)
        with pytest.raises(psycopg2.Error):
            cur.execute("insert into wangge.grid_edits (name) values ('x')")


def test_nothing_else_can_be_written(city_copy: Any, login: Any) -> None:
    """Every write that PostgreSQL has, on every table, view and sequence that there is."""
    before = state(city_copy)
    tables = [name for (name,) in rows(city_copy, TABLES)]
    assert {"grids", "issued_codes", "publications", "keys", "jobs", "divisions"} <= set(tables)
    taken = []
    with login.cursor() as cur:
        # no error, but a warning: who holds no right to give gives none
        for table in ("grids", "divisions", "change_sets", "findings"):
            cur.execute(f"grant all on wangge.{table} to wang_editor")
    for table in tables:
        ((column,),) = rows(
            city_copy,
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and attgenerated = ''"
            " and attidentity = '' and not attisdropped order by attnum limit 1",
            f"wangge.{table}",
        )
        for statement in (
            f"insert into wangge.{table} default values", f"delete from wangge.{table}",  # noqa: S608
            f"update wangge.{table} set {column} = {column}", f"truncate wangge.{table} cascade",  # noqa: S608
            f"merge into wangge.{table} as t using (values (1)) as s (n) on true when matched then delete",
            f"merge into wangge.{table} as t using (values (1)) as s (n) on false"
            " when not matched then insert default values",
            f"with gone as (delete from wangge.{table} returning 1) select * from gone",  # noqa: S608
            f"copy wangge.{table} from stdin", f"copy wangge.{table} from program 'true'",
            f"alter table wangge.{table} disable trigger all", f"alter table wangge.{table} add column mine integer",
            f"alter table wangge.{table} drop column {column} cascade", f"alter table wangge.{table} rename to mine",
            f"alter table wangge.{table} disable row level security", f"alter table wangge.{table} set schema public",
            f"alter table wangge.{table} owner to wang_editor", f"drop table wangge.{table} cascade",
            f"create trigger mine before insert on wangge.{table} for each row execute function wangge.measure_area()",
            f"create rule mine as on insert to wangge.{table} do instead nothing",
            f"create policy mine on wangge.{table} using (true)", f"create index on wangge.{table} ((1))",
            f"begin; lock table wangge.{table} in access exclusive mode",
            f"cluster wangge.{table}", f"reindex table wangge.{table}", f"comment on table wangge.{table} is 'mine'",
            f"create table mine () inherits (wangge.{table})",
            f"select * from wangge.{table} for update",  # noqa: S608
        ):  # fmt: skip
            taken.append(refused(login, statement))
    for (view,) in rows(city_copy, VIEWS):
        for statement in (
            f"truncate wangge.{view}", f"drop view wangge.{view} cascade",
            f"alter view wangge.{view} owner to wang_editor", f"alter table wangge.{view} disable trigger all",
            f"create or replace view wangge.{view} as select 1",
            *(() if view == "grid_edits" else (f"delete from wangge.{view}",)),  # noqa: S608
        ):  # fmt: skip
            taken.append(refused(login, statement))
    for (sequence,) in rows(city_copy, SEQUENCES):
        for statement in (
            f"select nextval('wangge.{sequence}')", f"select setval('wangge.{sequence}', 1)",
            f"alter sequence wangge.{sequence} restart", f"drop sequence wangge.{sequence} cascade",
        ):  # fmt: skip
            taken.append(refused(login, statement))
    for statement in (
        "update wangge.grid_edits set publication = 1", "copy wangge.grid_edits from program 'true'",
        "set role wangge_owner", "set role wangge_api",
        "set session_replication_role = replica", "set row_security = off; table wangge.cases",
        "create function wangge.asking_role() returns text language sql as $$ select 'admin' $$",
        "create function mine() returns text security definer language sql as $$ select 'x' $$;"
        " alter function mine() owner to wangge_owner",
        "create table wangge.mine (a int)", "create schema authorization wangge_owner", "drop schema wangge cascade",
        "drop owned by wangge_owner", "reassign owned by wangge_owner to wang_editor", "drop role wangge_api",
        "grant wangge_owner to wang_editor",
        "alter role wang_editor superuser", "alter role wangge_owner password 'mine'", "alter system set fsync = off",
        "alter default privileges for role wangge_owner grant all on tables to wang_editor",
        "create extension dblink", "do language plpgsql $$ begin delete from wangge.grids; end $$",
        "select lo_import('/etc/passwd')", "select pg_read_file('/etc/passwd')", "load 'auto_explain'",
    ):  # fmt: skip
        taken.append(refused(login, statement))
    assert [one for one in taken if one] == []
    assert state(city_copy) == before


def test_no_function_writes_for_an_editor(city_copy: Any, login: Any) -> None:
    """Those that write are closed to the group; what is open changes nothing, with whatever it is called."""
    before = state(city_copy)
    functions = rows(city_copy, FUNCTIONS)
    closed = {"publication", "abandon", "writable_set", "flag_edits", "open_change_set", "open_set_aside", "accept_job"}
    assert all(any(word in name for name, *_ in functions) for word in closed)
    for name, volatility, count in functions:
        call = f"select {name.partition('(')[0]}({', '.join(['null'] * count)})"
        told = refused(login, call)
        if any(word in name for word in closed) or volatility == "v":
            assert told == "", name
    assert state(city_copy) == before


def test_settings_do_not_make_one_somebody_else(city_copy: Any, login: Any) -> None:
    """The login says who edits: to name a role, a key or another's set in a setting gains nothing."""
    code, _ = neighbours_in_village(city_copy)
    who = editor(city_copy)
    number, _ = write(city_copy, who, ("patch", code, {"name": "甲"}, None))
    with login.cursor() as cur:
        cur.execute("set wangge.role = 'admin'")
        cur.execute(f"set wangge.key = '{who.key}'")
        cur.execute("update wangge.grid_edits set name = '乙' where code = %s", (code,))
        cur.execute(f"set wangge.change_set = '{number}'")
        with pytest.raises(psycopg2.Error) as refused:
            cur.execute("update wangge.grid_edits set name = '丙' where code = %s", (code,))
        assert refused.value.pgcode == "WG403"
    found = rows(city_copy, "select change_set, name from wangge.edited_grids order by 1")
    assert found == [(number, "甲"), (number + 1, "乙")]
