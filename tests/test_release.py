"""What the public can get of real and made-up cases tells no hidden count within k; and releases one after another."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import psycopg2
import pytest
from h3.api import basic_int
from mvt import read_tile
from psycopg2.extras import execute_values
from published import gather, gather_zones, keys_of, narrow, pages, true_counts
from serving import serving

from geo.errors import InvalidInput
from geo.heat.cells import cells_of
from geo.heat.lattice import CITY, VIEWS, Counts, View, lattice
from layers.heat.cells import write_cells
from layers.heat.public import Publishing
from layers.heat.release import release_counts
from layers.identity import ADMIN, PUBLIC

K = 5
_ZOOM = 7
_EVENTS = {
    "calgary": ("events_calgary_traffic/traffic.csv.gz", "start_dt", "quadrant"),
    "nyc": ("events_nyc_vehicle_theft/thefts.csv.gz", "date_single", "location_category"),
}


def write_cases(cursor: Any, lon: Any, lat: Any, moments: list[str], classes: list[int], prefix: str) -> None:
    """Cases of one township at places and times in China, of a type of each class (a number from 0)."""
    cursor.execute(
        "select distinct on (class_code) type_code, type_name from wangge.case_types where category = 'matter'"
        " order by class_code, type_code"
    )
    types = cursor.fetchall()
    cells = cells_of(lon, lat)
    write_cells(cursor, cells)
    rows = [
        (f"{prefix}{n}", *types[class_ % len(types)], f"{moment}+08", int(cell), float(x), float(y))
        for n, (x, y, moment, class_, cell) in enumerate(zip(lon, lat, moments, classes, cells, strict=True))
    ]
    execute_values(
        cursor,
        "insert into wangge.cases (case_no, category, type_code, type_name, channel, state, reported_at, township_code,"
        " cell, geom) values %s",
        rows,
        "(%s, 'matter', %s, %s, '网格员上报', '上报', %s, '321283100', %s, st_setsrid(st_makepoint(%s, %s), 4490))",
        page_size=5000,
    )


def make_release(database: Any, **how: Any) -> Any:
    with database.transaction(ADMIN) as cursor:
        return release_counts(cursor, Publishing(K, 0), **how)


@pytest.fixture(params=["sample", "calgary", "nyc"])
def published(
    request: Any, clone: Any, city_template: str, shared: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """The service over the sample city or over a city of real events."""
    with clone(city_template) as database:
        if request.param != "sample":
            path, moment, kind = _EVENTS[request.param]
            events = pd.read_csv(shared / "data" / path).dropna(subset=["longitude", "latitude", moment])
            kinds = np.unique(events[kind].fillna("?").astype(str), return_inverse=True)[1]
            with database.transaction(ADMIN) as cursor:
                cursor.execute("truncate wangge.cases, wangge.heat_years, wangge.heat_releases cascade")
                cursor.execute("delete from wangge.case_heat")
                moments = pd.to_datetime(events[moment]).dt.strftime("%Y-%m-%d %H:%M:%S").tolist()
                write_cases(cursor, events.longitude, events.latitude, moments, kinds.tolist(), "E")
            make_release(database)
        with serving(database, tmp_path_factory.mktemp(request.param)) as running:
            yield running


def test_all_the_public_can_get_tells_no_hidden_count(published: Any) -> None:
    """Every page, and tiles and sums beside: the numbers are true, and what is missing stays wide open."""
    with published.database.transaction() as cursor:
        cursor.execute("select through from wangge.heat_releases")
        ((through,),) = cursor.fetchall()
    last = 12 * through.year + through.month - 1
    made, classes = true_counts(published.database, last)
    years = range(int(made.period[made.view == VIEWS.index(View(6, True, False))].min()), through.year + 2)
    told = gather(published, years)
    keys = keys_of(made, classes)
    truth = dict(zip(keys, made.value.tolist(), strict=True))
    exact = {key: count for key, count in told.items() if truth.get(key) == count}
    # a year that has no count of its own is answered by its told months, and that is no news
    for key in told.keys() - exact.keys():
        resolution, by_year, year, cell, class_ = key
        months = [(resolution, False, 12 * year + month, cell, class_) for month in range(12)]
        assert by_year
        assert told[key] == sum(exact.get(month, 0) for month in months)
    assert min(exact.values()) >= K
    months = range(12 * through.year + through.month - 3, 12 * through.year + through.month)
    zones = gather_zones(published, months, years, [key[3] for key in told])
    same = {key for key in told if key[4] == "all" and (key[2] in years if key[1] else key[2] in months)}
    assert zones == {key: told[key] for key in same}, "zones tell what items tell, and nothing else"
    hidden = np.array([key not in exact for key in keys])
    assert not len(narrow(made, hidden, K))
    shown = {view: (~hidden[made.view == place]).sum() for place, view in enumerate(VIEWS)}
    assert min(count for view, count in shown.items() if view.resolution != CITY) > 0
    sums_add_up(published, exact, through.year)


def sums_add_up(service: Any, exact: dict[Any, int], year: int) -> None:
    """Longer periods and tiles hold sums of what was told, and so tell nothing more."""
    year = max(key[2] for key in exact if key[1])
    for query, resolution, years, months in (
        (f"datetime={year - 1}-01/{year}-12", 8, (year - 1, year), ()),
        (f"datetime={year - 1}-11/{year}-02", 8, (), [12 * year + month for month in (-2, -1, 0, 1)]),
        (f"datetime={year}-02/{year}-04", 7, (), [12 * year + month for month in (1, 2, 3)]),
    ):
        expected: dict[str, int] = {}
        for (level, by_year, period, cell, class_), count in exact.items():
            if level == resolution and class_ == "all":
                own = by_year and period in years
                # the months of a year that was not told as such
                year_of = period // 12
                untold = year_of in years and (level, True, year_of, cell, "all") not in exact
                part = not by_year and (period in months or untold)
                if own or part:
                    expected[f"{cell:x}"] = expected.get(f"{cell:x}", 0) + count
        rows = pages(service, f"{query}&resolution={resolution}")
        assert {row["cell"]: row["count"] for row in rows} == expected
    sums = {f"{key[3]:x}": count for key, count in exact.items() if key[:3] == (6, True, year) and key[4] == "all"}
    drawn = {}
    for row, column in sorted({tile_of(int(cell, 16)) for cell in sums}):
        answer = service.get(f"/collections/case-heat/tiles/WebMercatorQuad/{_ZOOM}/{row}/{column}?datetime={year}")
        for feature in read_tile(answer.content)["case-heat"].features:
            drawn[feature.properties["cell"]] = feature.properties["count"]
    assert drawn.items() <= {
        **sums,
        **{cell: count for cell, count in drawn.items() if cell not in sums and count >= K},
    }.items()
    assert len(drawn) >= len(sums) > 0


def tile_of(cell: int) -> tuple[int, int]:
    """Row and column of the tile that a cell's middle lies in."""
    lat, lon = basic_int.cell_to_latlng(cell)
    height = math.asinh(math.tan(math.radians(lat))) / math.pi
    return int((1 - height) / 2 * 2**_ZOOM), int((lon + 180) / 360 * 2**_ZOOM)


def test_hiding_small_counts_alone_is_broken_by_the_same_attack(city: Any) -> None:
    made, _ = true_counts(city, 12 * 2024 + 11, within=(120.0, 32.1, 120.1, 32.2))
    assert len(narrow(made, made.value < K, K)) > 20


# --- releases, one after another


def everything_told(database: Any) -> tuple[Any, Any]:
    """The lattice of all that was frozen, and whether each count was told in any release."""
    with database.transaction() as cursor:
        cursor.execute("select release, through from wangge.heat_releases order by release")
        ends = [12 * day.year + day.month - 1 for _, day in cursor.fetchall()]
        cursor.execute(
            "select cell, extract(year from month)::int * 12 + extract(month from month)::int - 1,"
            " right(class_code, 2)::int, release, count from wangge.heat_frozen"
        )
        counts = Counts(*np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 5).T)
        cursor.execute(
            "select resolution, by_year, case when by_year then extract(year from period)::int else"
            " extract(year from period)::int * 12 + extract(month from period)::int - 1 end, cell,"
            " case class_code when 'all' then -1 else right(class_code, 2)::int end, edition, count"
            " from wangge.heat_told"
        )
        told = {
            (VIEWS.index(View(resolution, by_year, class_ >= 0)), cell, period, class_, edition): count
            for resolution, by_year, period, cell, class_, edition, count in cursor.fetchall()
        }
    made = lattice(counts, ends)
    names = [tuple(name) for name in made.keys.tolist()]
    assert all(told.get(name, value) == value for name, value in zip(names, made.value.tolist(), strict=True))
    assert told.keys() <= set(names)
    return made, np.array([name in told for name in names])


def public_rows(database: Any) -> set[tuple[Any, ...]]:
    """What the service's login reads for the public."""
    with database.api.transaction(PUBLIC) as cursor:
        cursor.execute(
            "select resolution, false, month, cell, class_code, count from wangge.case_heat"
            " union all select resolution, true, year, cell, class_code, count from wangge.heat_years"
        )
        return set(cursor.fetchall())


def test_releases_and_changes_between_them_give_nothing_away(db: Any) -> None:
    """Cases arrive, change and go; months close, a year closes, older ones are revised: one attack over all of it."""
    rng = np.random.default_rng(5)

    def some(count: int, first: str, days: int) -> tuple[Any, ...]:
        spot = rng.integers(0, 12, count)
        lon, lat = 120 + 0.004 * (spot % 4) + 0.002 * rng.random(count), 32.1 + 0.004 * (spot // 4)
        moments = (pd.Timestamp(first) + pd.to_timedelta(rng.integers(0, days * 24, count), "h")).astype(str).tolist()
        return lon, lat, moments, rng.integers(0, 3, count).tolist()

    with db.transaction(ADMIN) as cursor:
        write_cases(cursor, *some(900, "2023-01-01", 300), "a")
    first = make_release(db, through=date(2023, 6, 1))
    before = public_rows(db)
    assert before
    with db.transaction(ADMIN) as cursor:
        write_cases(cursor, *some(200, "2023-03-01", 60), "b")
        write_cases(cursor, *some(300, "2023-10-20", 71), "c")
        cursor.execute("delete from wangge.cases where fid % 9 = 0")
        cursor.execute("update wangge.cases set type_code = '06001' where fid % 7 = 0 and type_code like '07%'")
    assert public_rows(db) == before, "nothing public moves between releases"
    second = make_release(db, through=date(2023, 12, 1))
    assert before <= public_rows(db), "what was told stays"
    third = make_release(db, revise=True)
    assert (first.number, second.number, third.number) == (0, 1, 2)
    assert make_release(db) is None
    made, told = everything_told(db)
    assert (made.edition < 0).any()
    hidden = ~told
    for entry in narrow(made, hidden, K):
        # adds up from what was told before: of at least k, and no secret any more
        attackers = narrow(made, hidden, 1e-3)
        assert made.value[entry] >= K
        assert entry in attackers
    assert any(by_year for _, by_year, *_ in public_rows(db))
    assert all(count >= K for *_, count in public_rows(db))


def test_a_month_that_is_not_over_is_refused(db: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        make_release(db, through=date(2999, 1, 1))
    assert refused.value.key == "heat.not-closed"
    assert make_release(db) is None, "there are no cases"


def test_only_administrators_release(city: Any) -> None:
    for identity in (PUBLIC, type(ADMIN)("staff"), type(ADMIN)("editor")):
        for call in (
            "heat_to_release('2024-01-01', false)", "heat_told_of('{2024-01-01}')",
            f"keep_release(9, '2024-01-01', 5{11 * ", '{}'"})",
        ):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege), city.api.transaction(identity) as cursor:
                cursor.execute(f"select wangge.{call}")
    for table in ("heat_frozen", "heat_told"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege), city.api.transaction(ADMIN) as cursor:
            cursor.execute(f"select count(*) from wangge.{table}")  # noqa: S608


def test_a_case_changes_nothing_that_the_public_can_see(own_service: Any) -> None:
    """No count, no version, no ETag: one that rose with every case would tell when cases come in."""
    addresses = [
        "/collections/case-heat/items?limit=5", "/collections/case-heat",
        "/collections/case-heat/items?resulttype=hits",
        "/collections/case-heat/tiles/WebMercatorQuad/8/103/213",
    ]  # fmt: skip

    def seen(role: str | None) -> list[tuple[Any, bytes]]:
        answers = [own_service.get(address, role) for address in addresses]
        moment = re.compile(rb'"timeStamp": ?"[^"]*"')
        return [(answer.headers.get("ETag"), moment.sub(b"", answer.content)) for answer in answers]

    public, staff = seen(None), seen("staff")
    with own_service.database.transaction() as cursor:
        write_cases(cursor, [120.05] * 30, [32.17] * 30, ["2024-05-05 12:00:00"] * 30, [0] * 30, "side")
    assert seen("staff") != staff
    assert seen(None) == public
