"""What a login of the group of editors may try in the database beyond the writes of tables: nothing of it does harm."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from direct_editing import NO_RIGHT, direct_login, refused, state
from editing import editor, neighbours_in_village, rows

from geo.errors import InvalidInput
from layers.changes.publish import publish
from layers.database.versions import Versions
from layers.identity import acting

# psycopg2 says nothing of what else fails: these are the reasons for which PostgreSQL itself takes none of them
_NEVER = (psycopg2.errors.ObjectNotInPrerequisiteState, psycopg2.errors.FeatureNotSupported,
          psycopg2.errors.SyntaxError, psycopg2.errors.InvalidObjectDefinition)  # fmt: skip


@pytest.fixture
def login(city_copy: Any) -> Iterator[Any]:
    """A connection of one who edits directly."""
    with direct_login(city_copy) as connection:
        yield connection


def test_nothing_around_the_tables_can_be_changed(city_copy: Any, login: Any) -> None:
    """Roles, settings of others, definitions, locks that publications wait for, and other people's connections."""
    before = state(city_copy)
    definition = "select md5(string_agg(pg_get_viewdef(oid), '' order by oid)) from pg_class where relkind = 'v'"
    views = rows(city_copy, definition)
    taken = []
    with city_copy.api.transaction() as cur:
        cur.execute("select pg_backend_pid()")
        ((pid,),) = cur.fetchall()
        for statement in (
            f"select pg_terminate_backend({pid})", f"select pg_cancel_backend({pid})",
            *(f"set role {role}" for role in ("postgres", "pg_write_all_data", "pg_signal_backend",
                                               "pg_execute_server_program", "pg_database_owner")),
            "select pg_advisory_lock(1)", "select pg_advisory_xact_lock(1, 2)", "select pg_try_advisory_lock(1)",
            "select pg_try_advisory_xact_lock_shared(1)", "select pg_advisory_unlock_all()",
            "copy (delete from wangge.grids returning 1) to stdout", "explain analyze delete from wangge.grids",
            "begin; declare held cursor for select * from wangge.grids for update; fetch held",
            "begin; lock table wangge.grid_edits in access exclusive mode; lock table wangge.grids in share mode",
            "prepare deletion as delete from wangge.grids; execute deletion",
            "do $$ begin execute 'truncate wangge.issued_codes cascade'; end $$",
            "insert into wangge.grids (code) values ('x') on conflict do nothing",
            "create rule mine as on update to wangge.grid_edits do instead nothing",
            "create trigger mine instead of delete on wangge.grid_edits for each row"
            " execute function wangge.write_grid_edit()",
            "drop trigger grid_edits_written on wangge.grid_edits",
            "comment on view wangge.grid_edits is 'mine'", "create view wangge.mine as select 1",
            "create materialized view wangge.mine as select 1", "create type wangge.mine as (a integer)",
            "create domain wangge.mine as integer", "create sequence wangge.mine",
            "select 1 into wangge.mine", "create table public.mine (a integer)",
            "create function public.st_isvalid(geometry) returns boolean language sql as 'select true'",
            "create operator public.&& (leftarg = integer, rightarg = integer, function = int4eq)",
            "create cast (integer as geometry) with inout", "create schema mine", "create database mine",
            "create statistics wangge.mine on code, name from wangge.grids",
            "create event trigger mine on ddl_command_start execute function wangge.measure_area()",
            "create foreign data wrapper mine", "create language plpython3u", "alter extension postgis update",
            "drop extension postgis cascade",
            "create publication mine for all tables", "alter database postgres set search_path = pg_temp",
            "alter role wangge_api set search_path = pg_temp", "alter role wangge_editor superuser",
            "alter group wangge_editor add user wangge_api", "revoke wangge_editor from wang_editor",
            "alter function wangge.asked_set() security invoker", "drop function wangge.asking_owner() cascade",
            "alter trigger grids_area on wangge.grids rename to mine",
            "set plpgsql.variable_conflict = 'use_column'", "set lo_compat_privileges = on",
            "select lo_export(0, '/tmp/mine')", "select pg_reload_conf()", "select pg_switch_wal()", "checkpoint",
            "select set_config('session_replication_role', 'replica', false)",
            "select pg_create_logical_replication_slot('mine', 'pgoutput')",
            "update pg_catalog.pg_class set relowner = 'wang_editor'::regrole", "delete from pg_catalog.pg_policy",
            "select setval(pg_get_serial_sequence('wangge.change_sets', 'id'), 1)",
        ):  # fmt: skip
            taken.append(refused(login, statement, NO_RIGHT + _NEVER))
        cur.execute("select true")
    with login.cursor() as cur:
        # a warning: it passes by what belongs to others
        cur.execute("analyze wangge.grids")
    assert [one for one in taken if one] == []
    assert state(city_copy) == before
    assert rows(city_copy, definition) == views


def test_the_working_copy_takes_nothing_but_edits(city_copy: Any, login: Any) -> None:
    """Whatever is put into the view, by whatever statement and under whatever settings, is an edit of one's own set."""
    code, other = neighbours_in_village(city_copy)
    before = state(city_copy)
    with login.cursor() as cur:
        # names that are looked up before the service's own
        cur.execute("create temp table grids as select id, name, geom from wangge.grid_edits limit 0")
        cur.execute("create temp table edited_grids (like grids)")
        cur.execute("create temp table change_sets (id integer, owner text, is_current boolean, state text)")
        cur.execute("create function pg_temp.may_edit() returns boolean language sql as 'select true'")
        cur.execute("create function pg_temp.st_isvalid(geometry) returns boolean language sql as 'select true'")
        cur.execute("set search_path = pg_temp, wangge, public; set timezone = 'Pacific/Kiritimati'")
        cur.execute("set datestyle = 'German'; set transform_null_equals = on; set bytea_output = 'escape'")
        cur.execute("insert into wangge.grid_edits (id, fid, op, code, area_m2, township_code, edited_at, name, geom)"
                    " select id, fid, 'update', code, 1, '321283999', 'epoch', '冒名', geom from wangge.grid_edits"
                    " where code = %s returning id", (code,))  # fmt: skip
        ((made,),) = cur.fetchall()
        assert made.startswith("new-")
        cur.execute("select fid < 0, op, code, township_code, area_m2 > 1000, edited_at > 'yesterday'"
                    " from wangge.grid_edits where id = %s", (made,))  # fmt: skip
        assert cur.fetchall() == [(True, "create", None, code[:9], True, True)]
        cur.execute("update wangge.grid_edits set id = 'x', fid = 1, code = %s, op = 'unchanged', xmin = '0',"
                    " area_m2 = 0, name = '改' where code = %s", (other, code))  # fmt: skip
        cur.execute("select id, code, op, area_m2 > 1000 from wangge.grid_edits where name = '改'")
        assert cur.fetchall() == [(code, code, "update", True)]
        bow = "MULTIPOLYGON(((120 32.1, 120.01 32.11, 120.01 32.1, 120 32.11, 120 32.1)))"
        with pytest.raises(psycopg2.Error):
            cur.execute("insert into wangge.grid_edits (name, geom) values ('x', st_geomfromtext(%s, 4490))", (bow,))
        for column, value in (("population", "-1"), ("kind", "'other'"), ("village_code", "'12'"),
                              ("leaders", "40000"), ("population", "'NaN'::float8::integer")):  # fmt: skip
            with pytest.raises(psycopg2.Error):
                cur.execute(f"update wangge.grid_edits set {column} = {value} where code = '{other}'")  # noqa: S608 - our own values
        with pytest.raises(psycopg2.Error):
            cur.execute("merge into wangge.grid_edits as t using (values (1)) as s (n) on true"
                        " when matched then delete")  # fmt: skip
        with pytest.raises(psycopg2.Error):
            cur.execute("insert into wangge.grid_edits (name, geom) select name, geom from wangge.grid_edits limit 1"
                        " on conflict (id) do update set name = 'x'")  # fmt: skip
        copied = io.StringIO("抄\t0106000020" + "8A110000" + "00000000\n")
        with pytest.raises(psycopg2.Error):
            cur.copy_expert("copy wangge.grid_edits (name, geom) from stdin", copied)
        cur.execute("begin; delete from wangge.grid_edits; rollback")
        cur.execute("select count(*) from pg_temp.edited_grids")
        assert cur.fetchall() == [(0,)]
    assert state(city_copy) == before
    found = rows(city_copy, "select owner, edited_grids.id, name from wangge.edited_grids join wangge.change_sets"
                 " on change_sets.id = change_set order by 2")  # fmt: skip
    assert found == [("login wang_editor", code, "改"), ("login wang_editor", made, "冒名")]


def test_what_the_service_would_refuse_is_not_published(city_copy: Any, login: Any) -> None:
    """Of a person nothing gets out, whoever wrote it where."""
    code, _ = neighbours_in_village(city_copy)
    with login.cursor() as cur:
        cur.execute("update wangge.grid_edits set party_organisation = '书记13812345678' where code = %s", (code,))
    with acting(editor(city_copy, "boss", "admin")), pytest.raises(InvalidInput) as told:
        publish(city_copy.api, 1)
    assert told.value.key == "publish.personal"
    assert (told.value.values["id"], told.value.values["property"]) == (code, "party_organisation")
    assert "13812345678" not in str(told.value.values)
    assert rows(city_copy, "select count(*) from wangge.publications") == [(0,)]


def test_a_forged_notification_moves_nothing(city_copy: Any, login: Any) -> None:
    """Any login may notify: a version or the end of a job is believed when the table says so."""
    versions = Versions(city_copy.api).start()
    try:
        true = versions.of("grids")
        assert true
        with login.cursor() as cur:
            for payload in (f"grids {true + 1}", "grids 99999999999", "grids many", "grids", "", "x" * 7000):
                cur.execute("select pg_notify('wangge_versions', %s), pg_notify('wangge_jobs', %s)", (payload, payload))
                time.sleep(0.05)
                assert versions.of("grids") == true
        with city_copy.transaction() as cur:
            cur.execute("update wangge.grids set name = name where fid = 1")
        end = time.monotonic() + 10
        while versions.of("grids") == true:
            assert time.monotonic() < end
            time.sleep(0.02)
    finally:
        versions.stop()
