"""Editing in the database itself, as a login of the group of editors: the working copy takes it, nothing else does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from editing import editor, neighbours_in_village, rows, write

from layers.changes.publish import publish
from layers.identity import acting

TABLES = (
    "grids", "divisions", "city", "edited_grids", "change_sets", "publications", "publication_grids", "grid_lineage",
    "issued_codes", "findings", "keys", "cases", "jobs", "layer_versions",
)  # fmt: skip
STATE = (
    "select md5(string_agg(grids::text, '|' order by fid)) from wangge.grids",
    "select count(*), max(retired_at::text) from wangge.issued_codes",
    "select count(*) from wangge.publications",
)

_NO_RIGHT = (psycopg2.errors.InsufficientPrivilege, psycopg2.errors.WrongObjectType, psycopg2.errors.UndefinedColumn)


@pytest.fixture
def login(city_copy: Any) -> Iterator[Any]:
    """A connection of one who edits directly, and the database as its owner."""
    with closing(psycopg2.connect(city_copy.admin_dsn)) as connection:
        connection.autocommit = True
        with connection.cursor() as cur:
            cur.execute("drop role if exists wang_editor")
            cur.execute("create role wang_editor login in role wangge_editor")
            cur.execute("set session authorization wang_editor")
        yield connection
        with connection.cursor() as cur:
            cur.execute("reset session authorization")
            cur.execute("drop role wang_editor")


def state(database: Any) -> list[Any]:
    return [rows(database, statement) for statement in STATE]


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
    before = state(city_copy)
    refused = []
    for table in TABLES:
        for statement in (
            f"insert into wangge.{table} default values", f"delete from wangge.{table}",  # noqa: S608
            f"truncate wangge.{table} cascade", f"alter table wangge.{table} disable trigger all",
            f"alter table wangge.{table} disable row level security", f"drop table wangge.{table} cascade",
            f"create trigger mine before insert on wangge.{table} for each row execute function wangge.measure_area()",
            f"copy wangge.{table} from stdin", f"begin; lock table wangge.{table} in access exclusive mode",
            f"create index on wangge.{table} ((1))",
        ):  # fmt: skip
            refused.append(_refused(login, statement))
        ((column,),) = rows(
            city_copy,
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and attgenerated = ''"
            " and attidentity = '' order by attnum limit 1",
            f"wangge.{table}",
        )
        refused.append(_refused(login, f"update wangge.{table} set {column} = {column}"))  # noqa: S608
    for statement in (
        "update wangge.grid_edits set publication = 1", "truncate wangge.grid_edits",
        "drop view wangge.grid_edits cascade", "alter view wangge.grid_edits owner to wang_editor",
        "alter table wangge.grid_edits disable trigger all",
        "create or replace view wangge.grid_edits as select * from wangge.grids",
        "select wangge.commit_publication(1, null, '{}', '[]', '[]', '[]', '[]')",
        "select wangge.begin_publication(1)", "select wangge.abandon_edits(1, null)", "select wangge.writable_set(1)",
        "select wangge.flag_edits(1, null, '[]')", "select wangge.reverse_publication(1, 'x')",
        "select wangge.open_change_set('x')", "set role wangge_owner", "set role wangge_api",
        "create function wangge.asking_role() returns text language sql as $$ select 'admin' $$",
        "create table wangge.mine (a int)", "alter function wangge.may_edit() owner to wang_editor",
        "grant wangge_owner to wang_editor", "alter role wang_editor superuser",
    ):  # fmt: skip
        refused.append(_refused(login, statement))
    assert [one for one in refused if one] == []
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


def _refused(connection: Any, statement: str) -> str:
    """Empty when the statement fails for lack of rights; else what it was."""
    with connection.cursor() as cur:
        try:
            cur.execute(statement)
        except _NO_RIGHT:
            cur.execute("rollback")
            return ""
        except psycopg2.Error as error:
            return f"{statement}: {type(error).__name__} {error}"
    return statement
