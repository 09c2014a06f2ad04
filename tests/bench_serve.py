"""Answers a second of the service, against tipg and stock pygeoapi on the same database and machine in one run."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psycopg2

from config.machine.cluster import Cluster
from config.settings import load as load_settings
from layers.database.migrate import migrate
from layers.sample import load_sample
from layers.sample.city import build_city

sys.path.append(str(Path(__file__).resolve().parent))

from http_load import Load, load
from peer_environment import peer_python
from peer_servers import ours, stock_pygeoapi, tipg
from serve_cases import Case, Grids, cases
from sql_floor import floor

ROUNDS = 5
_WARM_UP_S = 2.0
_STOCK_TABLE = "stock.grids"
_STOCK = """
create schema stock;
create table stock.grids as
    select code, name, kind, village_code, township_code, area_m2, population, leaders, members, info_managers,
        instructors, volunteers, party_organisation, valid_from, valid_to,
        st_setsrid(geom, 4326)::geometry(MultiPolygon, 4326) as geom
    from wangge.grids order by fid;
alter table stock.grids add primary key (code);
create index on stock.grids using gist (geom);
grant usage on schema stock to wangge_api;
grant select on stock.grids to wangge_api;
"""


def note(line: str) -> None:
    """A line of progress beside the result."""
    print(line, file=sys.stderr, flush=True)


def bench() -> list[dict[str, Any]]:
    """Measure every case, ours and tipg by turns, then the bare statements and stock pygeoapi.

    Returns
    -------
    list of dict
        A row a case and peer: name, unit, ours, peer, peer_name, ratio (ours over theirs: the median of the rounds),
        goal (None where there is none), and the 99th percentiles of the waiting times in milliseconds.

    Raises
    ------
    RuntimeError
        When answers differ, a request fails, or an answer that should come from the database was cached.
    """
    cache = load_settings().data_dir / "cache"
    tipg_python = peer_python("tipg", cache, note)
    stock_python = peer_python("pygeoapi", cache, note, over_ours=True)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="wg-") as name, sample_database(Path(name)) as cluster:
        folder = Path(name)
        wanted = cases(Grids.read(cluster.owner_dsn), np.random.default_rng(321283))
        with ours(cluster.owner_dsn, cluster.api_dsn, folder) as our_url:
            with tipg(cluster.api_dsn, folder, tipg_python) as tipg_url:
                for case in wanted:
                    _agree(case.name, our_url + case.ours[0], tipg_url + case.tipg[0], case.tiles)
                    rows.append(_against_tipg(case, our_url, tipg_url, cluster))
            for case in wanted:
                if case.name.endswith(", cached"):
                    continue
                mine = next(row for row in rows if row["name"] == case.name)
                rate = floor(cluster.api_dsn, case.ours, 1.0)
                rows.append(_row(case.name, [mine["ours"]], [rate], "SQL alone", None))
        with stock_pygeoapi(cluster.api_dsn, folder, stock_python, _STOCK_TABLE) as stock_url:
            for case in wanted:
                if case.pygeoapi:
                    mine = next(row for row in rows if row["name"] == case.name)
                    got = load(stock_url, case.pygeoapi, 2 * case.seconds + 1)
                    if not got.answers:
                        continue  # too slow for a single answer to eight at a time
                    _all_answered(case.name, "pygeoapi", got)
                    rows.append(_row(case.name, [mine["ours"]], [got.rate], "pygeoapi 0.24", None))
    return rows


@contextmanager
def sample_database(folder: Path) -> Iterator[Cluster]:
    """A cluster of its own with the sample city, thrown away at the end; cases stay few, as nothing asks for them."""
    folder.chmod(0o711)
    note("  initdb, sample city")
    options = {"fsync": "off", "shared_buffers": "256MB", "max_connections": "200"}
    with Cluster(folder / "pg", options).held() as cluster:
        migrate(cluster.owner_dsn)
        city = build_city()
        with closing(psycopg2.connect(cluster.owner_dsn)) as connection:
            load_sample(connection, city=replace(city, cases=city.cases.iloc[:2000]))
        with closing(psycopg2.connect(cluster.dsn("postgres"))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(_STOCK)
                cursor.execute("vacuum analyze")
        yield cluster


def _against_tipg(case: Case, our_url: str, tipg_url: str, cluster: Cluster) -> dict[str, Any]:
    """Ours and tipg by turns: whatever else the machine does falls on both."""
    before = _transactions(cluster) if case.uncached else 0
    warm = load(our_url, case.ours, _WARM_UP_S)
    if case.uncached and _transactions(cluster) - before < warm.answers / 3:
        raise RuntimeError(f"{case.name}: answers came from a cache")
    load(tipg_url, case.tipg, _WARM_UP_S)
    mine: list[Load] = []
    theirs: list[Load] = []
    asked = warm.answers
    for _ in range(ROUNDS):
        mine.append(load(our_url, case.ours, case.seconds, asked))
        theirs.append(load(tipg_url, case.tipg, case.seconds))
        asked += mine[-1].answers
        for who, got in (("ours", mine[-1]), ("tipg", theirs[-1])):
            _all_answered(case.name, who, got)
    row = _row(case.name, [got.rate for got in mine], [got.rate for got in theirs], "tipg 1.6.1", case.goal)
    note(f"  {case.name}: {row['ours']:.0f} / {row['peer']:.0f} = {row['ratio']:.1f}")
    return row | {
        "ours_p99_ms": round(statistics.median(got.p99_ms for got in mine), 1),
        "peer_p99_ms": round(statistics.median(got.p99_ms for got in theirs), 1),
    }


def _row(name: str, mine: list[float], theirs: list[float], peer: str, goal: float | None) -> dict[str, Any]:
    ratio = statistics.median(our / their for our, their in zip(mine, theirs, strict=True))
    return {
        "name": name,
        "unit": "requests/s",
        "ours": round(statistics.median(mine), 1),
        "peer": round(statistics.median(theirs), 1),
        "peer_name": peer,
        "ratio": round(ratio, 2),
        "goal": goal,
    }


def _transactions(cluster: Cluster) -> int:
    """Transactions so far; a session reports its own at most a second late, hence the wait."""
    time.sleep(1.1)
    with closing(psycopg2.connect(cluster.admin_dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("select xact_commit from pg_stat_database where datname = 'wangge'")
        (count,) = cursor.fetchall()[0]
    return int(count)


def _agree(name: str, mine: str, theirs: str, tiles: bool) -> None:
    """See that both answer the same: as many features, or tiles with something in them."""
    measure: Callable[[bytes], int] = len if tiles else _features
    found = [measure(read(url)) for url in (mine, theirs)]
    if not all(found) or (not tiles and found[0] != found[1]):
        raise RuntimeError(f"{name}: ours has {found[0]}, the peer {found[1]}")


def _features(body: bytes) -> int:
    answer = json.loads(body)
    return len(answer["features"]) if "features" in answer else 1


def read(url: str) -> bytes:
    """Body of an address, without a proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=30) as response:
        body: bytes = response.read()
    return body


def _all_answered(name: str, who: str, got: Load) -> None:
    if got.failed or not got.answers:
        raise RuntimeError(f"{name}: {got.failed} requests to {who} failed, {got.answers} were answered")


if __name__ == "__main__":
    print(*bench(), sep="\n")
