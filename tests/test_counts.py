"""Counts of cases equal a recount after whatever was done to cases, by whomever at once: real events of two cities."""

from __future__ import annotations

import csv
import gzip
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from geo.heat.cells import cells_of
from layers.heat.cells import write_cells

EVENTS = 400
CHANNELS = ("巡查", "12345热线", "视频巡查")
TYPES = (("matter", "06020"), ("matter", "09009"), ("component", "03005"))
BASE = "cell, day, township_code, category, type_code, channel"


def events(shared: Path, name: str) -> list[tuple[str, float, float]]:
    """Moment, longitude and latitude of real events, in their order."""
    (file,) = (shared / "data" / name).glob("*.csv.gz")
    found = []
    with gzip.open(file, "rt", encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            low = {key.lower(): value for key, value in row.items()}
            lon, lat = low.get("longitude"), low.get("latitude")
            moment = low.get("start_dt") or low.get("date_single")
            if lon and lat and moment:
                found.append((moment, float(lon), float(lat)))
    return found


def recounted(cursor: Any) -> None:
    """Each table of counts against a count of the cases; rows of nothing are not there."""
    cursor.execute(
        f"select count(*) from (select {BASE}, count from wangge.case_counts except"  # noqa: S608
        " select cell, wangge.day_of(reported_at), township_code, category, type_code, channel, count(*)::integer"
        " from wangge.cases group by 1, 2, 3, 4, 5, 6) as wrong"
    )
    assert cursor.fetchone()[0] == 0
    cursor.execute("select (select sum(count) from wangge.case_counts), (select count(*) from wangge.cases)")
    counts, cases = cursor.fetchone()
    assert (counts or 0) == cases
    plain = " union all ".join(
        f"select {resolution}::smallint, {class_code}, {channel}, date_trunc('month', wangge.day_of(reported_at))::date,"  # noqa: S608, E501
        f" wangge.h3_parent(cell, {resolution}), count(*)::integer from wangge.cases group by 1, 2, 3, 4, 5"
        for resolution in (6, 7, 8, 9)
        for class_code, channel in (
            ("'all'", "'all'"), ("wangge.class_of(category, type_code)", "'all'"), ("'all'", "channel"),
        )
        if resolution < 9 or (class_code, channel) == ("'all'", "'all'")
    )  # fmt: skip
    kept = "select resolution, class_code, channel, month, cell, count from wangge.case_heat where audience = 'staff'"
    for one, other in ((kept, plain), (plain, kept)):
        cursor.execute(f"select count(*) from (({one}) except ({other})) as wrong")  # noqa: S608
        assert cursor.fetchone()[0] == 0


def statement(draw: random.Random, pool: list[tuple[Any, ...]], mine: range) -> tuple[str, tuple[Any, ...]]:
    """One of the things that happen to cases, to those of one's own numbers."""
    low, high = sorted(draw.sample(mine, 2))
    chosen = (f"N{low:05d}", f"N{high:05d}")
    match draw.randrange(5):
        case 0 | 1:
            few = [pool[number] for number in draw.sample(mine, draw.choice((1, 3, 25)))]
            point = "st_setsrid(st_makepoint(%s, %s), 4490)"
            values = ", ".join([f"(%s, %s, %s, '类', %s, '上报', %s::timestamptz, %s, %s, {point})"] * len(few))
            return (
                "insert into wangge.cases (case_no, category, type_code, type_name, channel, state, reported_at,"  # noqa: S608
                f" township_code, cell, geom) values {values} on conflict (case_no) do nothing",
                tuple(value for row in few for value in row),
            )
        case 2:
            return "delete from wangge.cases where case_no between %s and %s and fid %% 3 = 0", chosen
        case 3:
            moved = pool[draw.randrange(len(pool))]
            return (
                "update wangge.cases set cell = %s, reported_at = reported_at + interval '9 days', filed_at = null,"
                " channel = %s, type_code = '06010', category = 'matter'"
                " where case_no between %s and %s and fid %% 4 = 0",
                (moved[6], draw.choice(CHANNELS), *chosen),
            )
    return (
        "update wangge.cases set state = '立案', filed_at = reported_at where case_no between %s and %s"
        " and state = '上报'", chosen,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["events_calgary_traffic", "events_nyc_vehicle_theft"])
def test_counts_are_those_of_the_cases_whoever_writes_at_once(db: Any, shared: Path, name: str) -> None:
    """Four writers at once, each with a share of the numbers and all in the same cells and days."""
    real = events(shared, name)[:EVENTS]
    assert len(real) == EVENTS
    draw = random.Random(7)
    cells = cells_of([lon for _, lon, _ in real], [lat for _, _, lat in real])
    pool = [
        (f"N{at:05d}", *draw.choice(TYPES), draw.choice(CHANNELS), moment, f"32128300{at % 3}", int(cell), lon, lat)
        for at, ((moment, lon, lat), cell) in enumerate(zip(real, cells.tolist(), strict=True))
    ]
    with db.transaction() as cursor:
        write_cells(cursor, cells)

    def write(writer: int) -> None:
        own = random.Random(f"{name}{writer}")
        mine = range(writer * EVENTS // 4, (writer + 1) * EVENTS // 4)
        for turn in range(25):
            with db.transaction() as cursor:
                for _ in range(own.choice((1, 1, 2))):
                    cursor.execute(*statement(own, pool, mine))
                if turn % 6 == 5:
                    cursor.execute("savepoint here")
                    cursor.execute("delete from wangge.cases where case_no between %s and %s",
                                   (f"N{mine[0]:05d}", f"N{mine[-1]:05d}"))  # fmt: skip
                    cursor.execute("rollback to here")

    with ThreadPoolExecutor(4) as writers:
        list(writers.map(write, range(4)))
    with db.transaction() as cursor:
        recounted(cursor)
        cursor.execute("select count(*) from wangge.cases")
        assert cursor.fetchone()[0] > 20
        cursor.execute("create temporary table before on commit drop as select * from wangge.case_heat")
        cursor.execute("select wangge.recount_cases()")
        cursor.execute("select count(*) from (select * from before except select * from wangge.case_heat) as other")
        assert cursor.fetchone()[0] == 0
        cursor.execute("delete from wangge.cases")
        cursor.execute("select (select count(*) from wangge.case_counts), (select count(*) from wangge.case_heat)")
        assert cursor.fetchone() == (0, 0)


def test_a_wrong_count_is_noticed_and_a_missing_cell_refused(city_copy: Any) -> None:
    import psycopg2

    with pytest.raises(psycopg2.errors.DataException), city_copy.transaction() as cursor:
        there = "select cell from wangge.cases where fid = 9"
        cursor.execute(f"update wangge.case_counts set count = 0 where cell = ({there})")  # noqa: S608
        cursor.execute("delete from wangge.cases where fid = 9")
    with pytest.raises(psycopg2.errors.ForeignKeyViolation), city_copy.transaction() as cursor:
        cursor.execute("update wangge.cases set cell = 1 where fid = 9")
