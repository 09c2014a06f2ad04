"""Hot spots, indicators and clusters of a city of 100,000 grids and 5 million cases, against the database's own sums.

CPU seconds of this process and of its PostgreSQL backend, since a machine that others work on has no honest clock;
the time that passed stands in the name of each row.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from config.machine.cluster import Cluster
from geo.heat.cells import cells_of
from geo.hotspots.steps import steps_up_to
from layers.database.database import Database
from layers.database.migrate import migrate
from layers.heat.cells import write_cells
from layers.hotspots.run import Search, find
from layers.identity import Identity, acting
from layers.situation.assess import assess
from layers.situation.case_columns import VOID
from layers.situation.case_filter import CaseFilter
from layers.situation.clusters import Look, consult
from layers.situation.rules import read_rules
from layers.situation.units import LEVELS

GRIDS, CASES = 100_000, 5_000_000
LAST = date(2025, 12, 31)
_TICKS = os.sysconf("SC_CLK_TCK")

_CASES = """
    insert into wangge.cases (case_no, category, type_code, type_name, channel, state, reported_at, closed_at,
        grid_code, village_code, township_code, cell, geom)
    select 'B' || n, 'matter', (array['06020', '09005', '06010', '09009', '02010'])[1 + mod(n, 5)], '',
        (array['网格员上报', '12345热线'])[1 + mod(n, 2)],
        case when mod(n, 40) = 0 then %(void)s when mod(n, 11) = 0 then '处置' else '结案' end, at,
        case when mod(n, 11) > 0 or mod(n, 40) = 0 then at + interval '1 hour' * took end,
        code, village_code, township_code, cell, point
    from (
        select n, 1 + floor(%(grids)s * power(random(), 1.5))::integer as grid, 1 + 130 * power(random(), 2) as took,
            timestamptz '2026-01-01T00:00+08' - interval '1 second' - interval '730 days' * random() as at
        from generate_series(1, %(cases)s) as n
        order by at
    ) as drawn join bench_grids on bench_grids.number = drawn.grid
"""
# without a cluster the scan soon stops looking
_BURST = """
    insert into wangge.cases (case_no, category, type_code, type_name, channel, state, reported_at, grid_code,
        village_code, township_code, cell, geom)
    select 'C' || n, 'matter', '06020', '', '12345热线', '上报',
        timestamptz '2025-12-31T08:00+08' + n * interval '1 minute', code, village_code, township_code, cell, point
    from bench_grids, generate_series(1, 300) as n where number = 50
"""
_BY_SQL = """
    select grouping(grid_code, village_code, township_code), grid_code, village_code, township_code,
        count(*) filter (where reported_at >= '2025-12-01T00:00+08'),
        count(*) filter (where reported_at < '2025-12-01T00:00+08'),
        percentile_cont(array[0.5, 0.9]) within group (order by extract(epoch from closed_at - reported_at))
            filter (where closed_at <= '2026-01-01T00:00+08' and reported_at >= '2025-12-01T00:00+08')
    from wangge.cases
    where reported_at >= '2025-11-01T00:00+08' and reported_at < '2026-01-01T00:00+08' and state <> %s
    group by grouping sets ((grid_code), (village_code), (township_code), ())
"""


@contextmanager
def big_city(grids: int, cases: int) -> Iterator[Database]:
    """A database with a lattice of grids and cases in them, thrown away afterwards."""
    from layers.database.server import OWNER, create_database, create_extensions

    with tempfile.TemporaryDirectory(prefix="wg-") as folder:
        Path(folder).chmod(0o711)
        settings = {"fsync": "off", "shared_buffers": "512MB", "max_wal_size": "8GB", "autovacuum": "off"}
        with Cluster(Path(folder) / "pg", settings).held() as cluster:
            create_database(cluster.admin_dsn, "situation")
            create_extensions(cluster.dsn("postgres", "situation"))
            dsn = cluster.dsn(OWNER, "situation")
            migrate(dsn)
            database = Database(dsn, pool_size=2)
            _fill(database, grids, cases)
            yield database
            database.close()


def _fill(database: Database, grids: int, cases: int) -> None:
    side = int(np.ceil(np.sqrt(grids)))
    number = np.arange(grids)
    step = 0.5 / side
    west, south = 119.9 + step * (number % side), 31.95 + step * (number // side)
    # 350 grids a township, 12 a village, in the order of the lattice
    township = [f"321283{100 + place // 350:03d}" for place in range(grids)]
    village = [f"{town}{200 + place % 350 // 12:03d}" for place, town in enumerate(township)]
    code = [f"{place}{1 + at % 350 % 12:03d}" for at, place in enumerate(village)]
    shapes = shapely.box(west, south, west + step, south + step)
    cell = cells_of(west + step / 2, south + step / 2, 10)
    with database.transaction() as cur:
        cur.execute("set local work_mem to '512MB'; select setseed(0.5)")
        write_cells(cur, cell)
        for table in ("divisions", "grids", "cases"):
            cur.execute(f"alter table wangge.{table} disable trigger user")
        ground = _dissolved(shapes, np.array(village)) | _dissolved(shapes, np.array(township))
        ground["321283"] = shapely.box(119.9, 31.95, 120.4, 32.45)
        for name in sorted(ground, key=len):
            level = {6: "county", 9: "township", 12: "village"}[len(name)]
            cur.execute(
                "insert into wangge.divisions (code, name, level, area_m2, geom)"
                " values (%s, %s, %s, 1e6, st_multi(st_setsrid(st_geomfromwkb(%s), 4490)))",
                (name, name, level, shapely.to_wkb(ground[name])),
            )
        cur.execute("insert into wangge.division_codes (code) select code from wangge.divisions")
        cur.execute(
            "insert into wangge.city (code, name, name_en, metric_srid, outline)"
            " select code, name, '', 4549, geom from wangge.divisions where level = 'county'"
        )
        cur.execute(
            "create temp table bench_grids as select place as number, code, village_code, left(village_code, 9) as"
            " township_code, cell, st_setsrid(st_geomfromwkb(decode(shape, 'hex')), 4490) as geom,"
            " st_setsrid(st_makepoint(x, y), 4490) as point"
            " from unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::float8[], %s::float8[])"
            " with ordinality as given (code, village_code, cell, shape, x, y, place)",
            (code, village, cell.tolist(), shapely.to_wkb(shapes, hex=True).tolist(),
             (west + step / 2).tolist(), (south + step / 2).tolist()),
        )  # fmt: skip
        cur.execute(
            "insert into wangge.grids (code, name, kind, village_code, area_m2, population, geom)"
            " select code, code, 'social', village_code, 12000, 900 + number %% 300, st_multi(geom) from bench_grids",
            (),
        )
        cur.execute(_CASES, {"grids": grids, "cases": cases, "void": VOID})
        cur.execute(_BURST)
        cur.execute(
            "insert into wangge.case_counts (cell, day, township_code, category, type_code, channel, count)"
            " select cell, wangge.day_of(reported_at), township_code, category, type_code, channel, count(*)"
            " from wangge.cases group by 1, 2, 3, 4, 5, 6"
        )
    with database.connection() as taken, taken.cursor() as cur:
        cur.execute("vacuum analyze")


def _dissolved(shapes: NDArray[np.object_], owners: NDArray[np.str_]) -> dict[str, Any]:
    """The box around the shapes of each owner: enough of a ground where nothing is cut by it."""
    names, place = np.unique(owners, return_inverse=True)
    edges = shapely.bounds(shapes)
    low, high = np.full((len(names), 2), np.inf), np.full((len(names), 2), -np.inf)
    np.minimum.at(low, place, edges[:, :2])
    np.maximum.at(high, place, edges[:, 2:])
    return dict(zip(names.tolist(), shapely.box(*low.T, *high.T), strict=True))


def _spent(cur: Any, work: Callable[[], Any]) -> tuple[float, float]:
    """CPU seconds of this process and the backend, and those that passed; the better of two runs."""
    stat = Path(f"/proc/{cur.connection.get_backend_pid()}/stat")

    def now() -> float:
        user, system = stat.read_text().rsplit(")", 1)[1].split()[11:13]
        return time.process_time() + (int(user) + int(system)) / _TICKS

    runs = []
    for _ in range(2):
        before, wall = now(), time.perf_counter()
        work()
        runs.append((now() - before, time.perf_counter() - wall))
    return min(runs)


def bench(grids: int = GRIDS, cases: int = CASES) -> list[dict[str, Any]]:
    """Time each process on the big city.

    Returns
    -------
    list of dict
        Rows: name, unit, ours, peer, peer_name, ratio (theirs over ours), goal. Only counts, medians and nine tenths of
        the four levels are what the database's own statement answers; the other rows have no peer.
    """
    rules = read_rules()
    year = tuple(steps_up_to(LAST, "month", 12))
    december, november = (date(2025, 12, 1), LAST), (date(2025, 11, 1), date(2025, 11, 30))
    moment = datetime.fromisoformat("2026-01-01T00:00:00+08:00")
    with big_city(grids, cases) as database, acting(Identity("admin")), database.transaction() as cur:
        print("the city is made", file=sys.stderr, flush=True)

        def by_sql() -> None:
            cur.execute(_BY_SQL, (VOID,))
            cur.fetchall()

        size = f"{grids:,} grids, {cases:,} cases"
        peer, _ = _spent(cur, by_sql)
        found = {
            f"indicators of a month, four levels, {size}": lambda: assess(
                cur, LEVELS, december, november, CaseFilter(), rules, moment
            ),
            "hot spots of 12 months, grids": lambda: find(cur, Search(year)),
            "hot spots of 12 months, H3 cells of resolution 9": lambda: find(cur, Search(year, "cell", 9)),
            f"clusters of 14 days, {Look.simulations} simulations": lambda: consult(
                cur, Look(LAST), CaseFilter(), rules
            ),
        }
        rows = []
        for name, work in found.items():
            cpu, wall = _spent(cur, work)
            against = name.startswith("indicators")
            rows.append(
                {
                    "name": f"{name} ({wall:.1f} s passed)",
                    "unit": "CPU s",
                    "ours": round(cpu, 2),
                    "peer": round(peer, 2) if against else None,
                    "peer_name": "SQL: counts and percentiles" if against else None,
                    "ratio": round(peer / cpu, 2) if against else None,
                    "goal": None,
                }
            )
        return rows


if __name__ == "__main__":
    print(*bench(*(int(word) for word in sys.argv[1:])), sep="\n")
