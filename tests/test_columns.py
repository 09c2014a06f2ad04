"""Columns of numbers by binary COPY: every type, no row at all, values that are only values, and row-level security."""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg2
import pytest

from layers.database.columns import read_columns
from layers.database.sqltext import Sql
from layers.identity import Identity

TYPES = {"small": "smallint", "whole": "integer", "big": "bigint", "number": "double precision"}


def test_every_type_comes_as_it_is(db: Any) -> None:
    statement = Sql(
        "select * from (values (-1, 2147483647, -9223372036854775807, 0.1), (32767, -5, %s, 'NaN')) as given", (7,)
    )
    with db.transaction() as cur:
        found = read_columns(cur, statement, TYPES)
        nothing = read_columns(cur, Sql("select 1, 2, 3, 4 where %s", (False,)), TYPES)
    assert {name: column.dtype for name, column in found.items()} == {
        "small": np.int16, "whole": np.int32, "big": np.int64, "number": np.float64
    }  # fmt: skip
    assert [found[name].tolist() for name in ("small", "whole", "big")] == [
        [-1, 32767], [2147483647, -5], [-9223372036854775807, 7]
    ]  # fmt: skip
    assert found["number"][0] == 0.1
    assert np.isnan(found["number"][1])
    assert all(len(column) == 0 for column in nothing.values())


def test_a_value_is_never_part_of_the_statement(db: Any) -> None:
    hostile = "') to stdout; drop schema wangge; --%s"
    with db.transaction() as cur:
        found = read_columns(cur, Sql("select length(%s::text)", (hostile,)), {"n": "integer"})
        assert found["n"].tolist() == [len(hostile)]


def test_more_rows_than_a_buffer_holds_and_in_their_order(db: Any) -> None:
    with db.transaction() as cur:
        found = read_columns(
            cur, Sql("select n, n * 0.5 from generate_series(1, 100000) as n"), {"n": "bigint", "half": TYPES["number"]}
        )
    assert np.array_equal(found["n"], np.arange(1, 100_001))
    assert np.array_equal(found["half"] * 2, found["n"])


def test_only_what_the_asker_may_see(city: Any) -> None:
    count = Sql("select count(*) from wangge.cases")
    seen = {}
    for name, identity in (
        ("staff", Identity("staff")),
        ("town", Identity("staff", "321283100")),
        ("public", Identity()),
    ):
        with city.api.transaction(identity) as cur:
            seen[name] = int(read_columns(cur, count, {"n": "bigint"})["n"][0])
    assert seen["staff"] > seen["town"] > seen["public"] == 0


@pytest.mark.parametrize("nulls", [1, 11, 22])
def test_a_null_is_refused_also_where_the_bytes_add_up(db: Any, nulls: int) -> None:
    """Eleven nulls are as many bytes short as two rows are long."""
    statement = Sql("select case when n > %s then n end, n from generate_series(1, 30) as n", (nulls,))
    with db.transaction() as cur, pytest.raises(ValueError, match="a null among a, b"):
        read_columns(cur, statement, {"a": "integer", "b": "bigint"})


def test_what_does_not_fit_its_type_is_refused(db: Any) -> None:
    with pytest.raises(psycopg2.errors.NumericValueOutOfRange), db.transaction() as cur:
        read_columns(cur, Sql("select 40000"), {"a": "smallint"})
