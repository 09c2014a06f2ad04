"""What it costs to publish a set and to patch a grid: CPU seconds of this process and of PostgreSQL together.

The peers are a check of the whole city, which publishing without a neighbourhood would need, and the bare update of the
same row.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import shapely

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]

from cloning import Clone  # noqa: E402
from editing import editor, far_pairs, ground_only, neighbours_in_village, nudged, shape_of, write  # noqa: E402

from config.machine.cluster import Cluster  # noqa: E402
from layers.changes.publish import publish  # noqa: E402
from layers.checking.check import check_layer  # noqa: E402
from layers.database.migrate import migrate  # noqa: E402
from layers.database.server import OWNER, create_database, create_extensions  # noqa: E402
from layers.identity import Identity, acting  # noqa: E402

SET = 10
LARGE = 100_000
_HERTZ = os.sysconf("SC_CLK_TCK")


def bench() -> list[dict[str, Any]]:
    """Rows of the benchmark."""
    with city() as (cluster, small):
        check_small = seconds(lambda: whole_check(small), cluster, 3)
        publish_small = published(small, cluster)
        named, moved, bare = patches(small, cluster)
        grow(small)
        publish_large = published(small, cluster)
    return [
        row("publish 10 of 1,412", publish_small, check_small, "check of the whole city", "<= 0.1"),
        row("publish 10 of 100,000", publish_large, publish_small, "the same of 1,412", "<= 2"),
        row("one PATCH of a name", named, bare, "bare update of the row", "<= 3"),
        row("one of two PATCHes of a border", moved, bare, "bare update of the row", "<= 3"),
    ]


def row(name: str, ours: float, peer: float, peer_name: str, goal: str) -> dict[str, Any]:
    """A row: CPU milliseconds, and ours as a multiple of the peer's."""
    return {
        "name": name, "unit": "CPU ms", "ours": round(ours * 1000, 1), "peer": round(peer * 1000, 1),
        "peer_name": peer_name, "ratio": round(ours / peer, 3), "goal": goal,
    }  # fmt: skip


@contextmanager
def city() -> Iterator[tuple[Cluster, Clone]]:
    """The sample city in a cluster of its own."""
    import psycopg2

    from layers.sample import load_sample

    with tempfile.TemporaryDirectory(prefix="wg-") as folder:
        Path(folder).chmod(0o711)
        with Cluster(Path(folder) / "pg").held() as cluster:
            create_database(cluster.admin_dsn, "city")
            create_extensions(cluster.dsn("postgres", "city"))
            migrate(cluster.dsn(OWNER, "city"))
            connection = psycopg2.connect(cluster.dsn(OWNER, "city"))
            load_sample(connection, city=ground_only())
            connection.close()
            database = Clone(cluster, "city", read_only=False)
            try:
                yield cluster, database
            finally:
                database.close()


def seconds(work: Callable[[], object], cluster: Cluster, times: int) -> float:
    """Median of CPU seconds that a piece of work takes, here and in the server's processes."""
    taken = []
    for _ in range(times):
        before = cpu(cluster)
        work()
        taken.append(cpu(cluster) - before)
    return statistics.median(taken)


def cpu(cluster: Cluster) -> float:
    """CPU seconds so far of this process and of all processes of a cluster, its ended ones included."""
    pid = int((cluster.data / "postmaster.pid").read_text().split(maxsplit=1)[0])
    children = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                    children.append(int(entry.name))
            except OSError:
                continue
    ended = (Path(f"/proc/{pid}/stat")).read_text().rsplit(")", 1)[1].split()[13:15]
    return time.process_time() + cpu_of([pid, *children]) + sum(map(int, ended)) / _HERTZ


def whole_check(database: Clone) -> None:
    with database.transaction(Identity("admin")) as cur:
        check_layer(cur, "grids")


def published(database: Clone, cluster: Cluster) -> float:
    """CPU seconds a publication of ten grids, five pairs of which each moved their border."""
    who = editor(database, "bench")
    pairs = far_pairs(database, SET // 2)
    whole = []
    for turn in range(7):
        edits: list[tuple[Any, ...]] = []
        for one, other in pairs:
            first, second = shape_of(database, one), shape_of(database, other)
            # there and back again, so that every turn has the same to do
            moved = nudged(first, second, 1e-5 if turn % 2 == 0 else -1e-5)
            edits += [("patch", one, {}, moved[0]), ("patch", other, {}, moved[1])]
        number, _ = write(database, who, *edits)
        before = cpu(cluster)
        with acting(who):
            done = publish(database.api, number)
        if done.number is None:
            raise RuntimeError([(one.kind, one.ids) for one in done.blocking])
        whole.append(cpu(cluster) - before)
    return statistics.median(whole[1:])


def patches(database: Clone, cluster: Cluster) -> tuple[float, float, float]:
    """CPU seconds of a merge patch over HTTP, and of the bare update of the geometry of a published row.

    Every patch is checked among its neighbours before it is answered. The first kind changes a name. The second moves a
    border of two neighbours there and back, as QGIS sends it: one of the two makes a fault, which the other mends. The
    last number is that of the update.
    """
    import requests
    from serving import serving

    pair = neighbours_in_village(database)
    ground = shape_of(database, pair[0]), shape_of(database, pair[1])
    moved = nudged(ground[0], ground[1], 1e-5)
    borders = [
        (code, f'{{"geometry":{shapely.to_geojson(shape)}}}')
        for code, shape in zip(pair * 2, (*moved, *ground), strict=True)
    ]
    names = [(pair[0], f'{{"properties":{{"name":"{name}"}}}}') for name in ("one", "two")]
    times = 200
    with tempfile.TemporaryDirectory() as folder, serving(database, Path(folder)) as service:
        session = requests.Session()
        session.trust_env = False
        headers = {"X-API-Key": service.keys["editor"], "Content-Type": "application/merge-patch+json"}
        workers = service_pids(folder)

        def each(sent: list[tuple[str, str]]) -> float:
            for turn in range(-20, times):
                if turn == 0:
                    before, own = cpu(cluster) + cpu_of(workers), time.process_time()
                code, body = sent[turn % len(sent)]
                address = f"{service.base_url}/collections/grid-edits/items/{code}"
                session.patch(address, data=body, headers=headers).raise_for_status()
            # what this process spends is the client's
            return (cpu(cluster) + cpu_of(workers) - before - (time.process_time() - own)) / times

        named, border = each(names), each(borders)
    with database.connection() as connection, connection.cursor() as cur:
        before = cpu(cluster)
        for turn in range(times):
            cur.execute(
                "update wangge.grids set geom = st_geomfromwkb(%s, 4490) where code = %s and valid_to is null",
                (memoryview(shapely.to_wkb((moved[0], ground[0])[turn % 2])), pair[0]),
            )
        bare = (cpu(cluster) - before) / times
    # the last of them left the ground as it was
    return named, border, bare


def service_pids(folder: str) -> list[int]:
    """Processes of the service that runs over a data folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if f"WANGGE_DATA_DIR={folder}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def cpu_of(pids: list[int]) -> float:
    """CPU seconds so far of some processes, as the scheduler counts them: its ticks are longer than a request."""
    total = 0
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            try:
                total += int(thread.read_text().split()[0])
            except OSError:
                continue
    return total / 1e9


def grow(database: Clone) -> None:
    """Add copies of the city's grids beside it until there are a hundred thousand, all of today."""
    with database.transaction(Identity("admin")) as cur:
        cur.execute("alter table wangge.grids disable trigger user")
        cur.execute(
            "insert into wangge.grids (code, name, kind, village_code, geom, area_m2)"
            " select left(code, 6) || 900000000 + copy * 1412 + row_number() over (partition by copy order by fid),"
            " name, kind, village_code, st_translate(geom, (copy %% 10) * 0.6, 0.5 + (copy / 10) * 0.5), area_m2"
            " from wangge.grids, generate_series(1, %s) as copy where valid_to is null and fid <= 1412",
            ((LARGE - 1412) // 1412 + 1,),
        )
        cur.execute("alter table wangge.grids enable trigger user")
    with database.connection() as connection, connection.cursor() as cur:
        cur.execute("vacuum analyze wangge.grids")
