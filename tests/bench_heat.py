"""Case heat: taking a million cases in against a bare COPY of the same rows, and maps of counts against counting.

CPU seconds of this process and of its PostgreSQL backend, since a machine that others work on too has no honest clock.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg2
import shapely

from config.machine.cluster import Cluster
from layers.database.database import Database
from layers.database.migrate import migrate
from layers.database.server import OWNER, create_database, create_extensions
from layers.features.items_request import ItemsRequest
from layers.features.moments import parse_period
from layers.heat.heat_request import heat_request
from layers.heat.sums import heat_counts
from layers.loading.load import load_file
from layers.sample import load_sample
from layers.sample.city import build_city

CASES = 1_000_000
MORE = 4
MONTH = "2025-06"
_ROUNDS = 160
_TURN = 20
_TICKS = os.sysconf("SC_CLK_TCK")
_JITTER_DEG = 0.0015


def note(line: str) -> None:
    """A line of progress beside the result."""
    print(line, file=sys.stderr, flush=True)


class Spent:
    """CPU seconds of this process and of one backend while a block ran."""

    def __init__(self, backend: int | None = None) -> None:
        self.backend, self.seconds, self.wall = backend, 0.0, 0.0

    def _now(self) -> float:
        own = time.process_time()
        if self.backend is None:
            return own
        user, system = Path(f"/proc/{self.backend}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
        return own + (int(user) + int(system)) / _TICKS

    def __enter__(self) -> Spent:
        self._from, self._wall = self._now(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds, self.wall = self._now() - self._from, time.perf_counter() - self._wall


@contextmanager
def running() -> Iterator[tuple[str, Cluster]]:
    """Address of a database of the sample city without a case, and its cluster, thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="wg-") as folder:
        Path(folder).chmod(0o711)
        settings = {"fsync": "off", "shared_buffers": "512MB", "max_wal_size": "8GB", "autovacuum": "off"}
        with Cluster(Path(folder) / "pg", settings).held() as cluster:
            create_database(cluster.admin_dsn, "heat")
            create_extensions(cluster.dsn("postgres", "heat"))
            dsn = cluster.dsn(OWNER, "heat")
            migrate(dsn)
            yield dsn, cluster


def drawn(sample: Any, count: int, first: int, rng: np.random.Generator) -> pd.DataFrame:
    """Cases like those of the sample city, about its places, at its moments, with numbers of their own."""
    rows = sample.iloc[rng.integers(0, len(sample), count)]
    table = pd.DataFrame(rows.drop(columns=["geometry", "cell", "grid_code", "village_code", "township_code"]))
    table["case_no"] = [f"B{number:09d}" for number in range(first, first + count)]
    there = shapely.get_coordinates(rows.geometry.to_numpy())
    points = np.round(there + rng.normal(0, _JITTER_DEG, (count, 2)), 8)
    outside = ~shapely.contains_xy(sample.attrs["outline"], *points.T)
    points[outside] = there[outside]
    table["lon"], table["lat"] = points.T
    return table


def written(frame: pd.DataFrame, path: Path) -> Path:
    """A CSV file as a register writes it."""
    for name in ("reported_at", "filed_at", "dispatched_at", "handled_at", "checked_at", "closed_at"):
        local = frame[name] + np.timedelta64(8, "h")
        frame[name] = local.dt.strftime("%Y-%m-%d %H:%M:%S")
    frame.to_csv(path, index=False)
    return path


def bench(cases: int = CASES, more: int = MORE) -> list[dict[str, Any]]:
    """Measure intake and maps.

    Returns
    -------
    list of dict
        One row a measure: name, unit, ours, peer, peer_name, ratio, goal.
    """
    rng = np.random.default_rng(12345)
    city = build_city()
    sample = city.cases
    sample.attrs["outline"] = city.outline
    shapely.prepare(sample.attrs["outline"])
    rows = []
    with running() as (dsn, cluster), tempfile.TemporaryDirectory() as folder:
        with closing(psycopg2.connect(dsn)) as connection:
            load_sample(connection, city=replace(city, cases=sample.iloc[:0]))
        path = written(drawn(sample, cases, 0, rng), Path(folder) / "cases.csv")
        note(f"loading {cases:,} cases")
        database = _OneConnection(dsn)
        with Spent(database.backend) as taken:
            report = load_file(database, "cases", path)
        database.close()
        if report.loaded != cases:
            listed = report.rejects_path.read_text("utf-8").splitlines()[:5] if report.rejects_path else []
            raise RuntimeError(f"{report.loaded} of {cases} cases were loaded: {listed}")
        with _connected(dsn) as cur:
            copied = _bare_copy(cur, Path(folder) / "bare.copy")
            rows.append(_row(f"intake of {cases:,} cases, grids and cells found", "CPU s", taken.seconds,
                             copied, "bare COPY, same rows and indexes", copied / taken.seconds, 0.25))  # fmt: skip
            note(f"intake {taken.seconds:.1f} CPU s ({taken.wall:.1f} s), COPY {copied:.1f} CPU s")
            cur.execute("drop table bare")
        # both stand side by side, so that they are measured in the same minutes
        create_database(cluster.admin_dsn, "heat_small", "heat")
        with _connected(dsn) as large, _connected(cluster.dsn(OWNER, "heat_small")) as small:
            for turn in range(more):
                note(f"cases {turn + 2:,} x {cases:,}")
                _append(large, drawn(sample, cases, cases * (turn + 1), rng))
                large.connection.commit()
            rows += _maps(large, small, cases, cases * (more + 1))
    return rows


def _row(
    name: str, unit: str, ours: float, peer: float, peer_name: str, ratio: float, goal: float
) -> dict[str, Any]:
    return {
        "name": name, "unit": unit, "ours": round(ours, 2), "peer": round(peer, 2), "peer_name": peer_name,
        "ratio": round(ratio, 2), "goal": goal,
    }  # fmt: skip


class _OneConnection(Database):
    """A database with one connection, so that its backend is known."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn, pool_size=1)
        with self.transaction() as cur:
            cur.execute("select pg_backend_pid()")
            (self.backend,) = cur.fetchone() or (None,)


def _bare_copy(cur: Any, path: Path) -> float:
    """CPU seconds of a COPY of all cases into a table with the same columns and indexes, without triggers and rules."""
    columns = (
        "case_no, category, type_code, type_name, channel, state, reported_at, filed_at, dispatched_at, handled_at,"
        " checked_at, closed_at, grid_code, village_code, township_code, cell, geom"
    )
    with path.open("wb") as file:
        cur.copy_expert(f"copy (select {columns} from wangge.cases order by fid) to stdout", file)  # noqa: S608
    cur.execute("create table bare (like wangge.cases including all)")
    cur.execute("select pg_backend_pid()")
    with path.open("rb") as file, Spent(cur.fetchone()[0]) as spent:
        cur.copy_expert(f"copy bare ({columns}) from stdin", file)
    return spent.seconds


def _append(cur: Any, frame: pd.DataFrame) -> None:
    """More cases, counted by the triggers; their grids and cells by the way of the sample."""
    from geo.heat.cells import cells_of
    from layers.heat.cells import write_cells

    cells = cells_of(frame["lon"].to_numpy(), frame["lat"].to_numpy())
    write_cells(cur, cells)
    frame["cell"], frame["township_code"] = cells, "321283100"
    frame["geom"] = [f"srid=4490;point({x} {y})" for x, y in zip(frame.pop("lon"), frame.pop("lat"), strict=True)]
    with tempfile.NamedTemporaryFile("w+", suffix=".csv") as file:
        frame.to_csv(file.name, index=False)
        names = ", ".join(frame.columns)
        with Path(file.name).open() as lines:
            cur.copy_expert(f"copy wangge.cases ({names}) from stdin with (format csv, header)", lines)


@contextmanager
def _connected(dsn: str) -> Iterator[Any]:
    """Cursor of a connection that asks as staff."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cur:
        cur.execute("set work_mem = '256MB'; set jit = off; set max_parallel_workers_per_gather = 0")
        cur.execute("select set_config('wangge.role', 'staff', false)")
        connection.commit()
        yield cur


def _maps(large: Any, small: Any, few: int, many: int) -> list[dict[str, Any]]:
    """CPU time of a month's map: of many cases against counting them, and against the map of few, turn by turn."""
    period = parse_period(MONTH)
    ours = heat_counts(heat_request(ItemsRequest(period=period, equals=(("resolution", 9),))))

    def count(cur: Any) -> None:
        cur.execute(
            "select wangge.h3_parent(cell, 9), count(*) from wangge.cases"
            " where reported_at >= %s and reported_at <= %s group by 1", (period.start, period.end),
        )  # fmt: skip

    backends, cells = {}, {}
    for cur in (large, small):
        cur.connection.commit()
        cur.connection.autocommit = True
        for table in ("cases", "case_heat", "case_counts"):
            cur.execute(f"vacuum analyze wangge.{table}")
        cur.execute("select pg_backend_pid()")
        (backends[cur],) = cur.fetchone()
        count(cur)
        counted = {cell: int(number) for cell, number in cur.fetchall()}
        cur.execute(ours.text, ours.values)
        if counted != {cell: int(number) for cell, number in cur.fetchall()}:
            raise RuntimeError("the map and the count differ")
        cells[cur] = len(counted)
        note(f"{len(counted):,} cells, {sum(counted.values()):,} cases")
    spent = {large: 0.0, small: 0.0}
    for _ in range(_ROUNDS // _TURN):
        for cur in (large, small):
            with Spent(backends[cur]) as took:
                for _ in range(_TURN):
                    cur.execute(ours.text, ours.values)
            spent[cur] += took.seconds
    with Spent(backends[large]) as took:
        for _ in range(_TURN):
            count(large)
    ms = {cur: 1000 * seconds / _ROUNDS for cur, seconds in spent.items()}
    counting = 1000 * took.seconds / _TURN
    each = {cur: 1000 * ms[cur] / cells[cur] for cur in ms}
    goal = round(1 / 1.3, 2)
    return [
        _row(f"map of {MONTH}, resolution 9, of {many:,} cases", "CPU ms", ms[large], counting,
             "counting the month's cases", counting / ms[large], 50.0),
        _row(f"the same, of {many:,} cases ({cells[large]:,} cells) against {few:,} ({cells[small]:,} cells)", "CPU ms",
             ms[large], ms[small], f"of {few:,} cases", ms[small] / ms[large], goal),
        _row("the same, a cell that is answered", "CPU us", each[large], each[small], f"of {few:,} cases",
             each[small] / each[large], goal),
    ]  # fmt: skip


if __name__ == "__main__":
    print(*bench(int(sys.argv[1]) if len(sys.argv) > 1 else CASES), sep="\n")
