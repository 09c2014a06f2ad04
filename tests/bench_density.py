"""Kernel density beside KDEpy and scipy, and cached density tiles beside cached vector tiles, all in one run.

Times of densities are seconds of the processor, since the machine is shared; errors are the largest distance from the
exact sum over some places, in percent of the greatest density.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]

from geo.heat.density import kernel_density  # noqa: E402
from geo.heat.density_at import density_at  # noqa: E402
from geo.heat.kernels import KERNELS  # noqa: E402
from geo.heat.raster_grid import RasterGrid  # noqa: E402

ROUNDS = 5
GRID = RasterGrid(0, 46_000, 50, 920, 870)
RADIUS_M = 1_415.0
"""Radius of the quartic kernel; each program scales kernels in its own way, so the ground is what they share."""
SIGMA_M = 500.0
_KDEPY_KERNELS = {"quartic": ("biweight", RADIUS_M / 7**0.5), "gaussian": ("gaussian", SIGMA_M)}
"""KDEpy's name of each kernel and its bandwidth for it: the deviation of the kernel's section, not of the kernel."""
_PLACES = 60


def cases(count: int) -> NDArray[np.float64]:
    """Places of cases, half of them in sixty clusters, none in the outermost cells."""
    rng = np.random.default_rng(321283)
    middles = rng.uniform([2_000, 2_000], [41_000, 44_000], (60, 2))
    tight = middles[rng.integers(0, 60, count)] + rng.normal(0, 900, (count, 2))
    found = np.concatenate([tight, rng.uniform(0, [43_500, 46_000], (count, 2))])[rng.permutation(2 * count)]
    inner = (found > 60).all(axis=1) & (found < [43_440, 45_940]).all(axis=1)
    return np.ascontiguousarray(found[inner][:count])


def note(line: str) -> None:
    """A line of progress beside the result."""
    print(line, file=sys.stderr, flush=True)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of the processor, and what came out."""
    start = time.process_time()
    made = work()
    return time.process_time() - start, made


def bench(count: int = 1_000_000) -> list[dict[str, Any]]:
    """Measure densities and tiles.

    Parameters
    ----------
    count : int
        Cases.

    Returns
    -------
    list of dict
        Rows: name, unit, ours, peer, peer_name, ratio (theirs over ours), goal.
    """
    return [*densities(count), *tiles()]


def densities(count: int) -> list[dict[str, Any]]:
    """Time and error of both kernels, and time beside scipy scaled up from a few places."""
    from peer_environment import peer_python

    from config.settings import load

    python = peer_python("kdepy", load().data_dir / "cache", note, over_ours=True)
    points = cases(count)
    inside = np.ones((GRID.rows, GRID.columns), dtype=bool)
    rng = np.random.default_rng(1)
    rows_, columns = rng.integers(40, GRID.rows - 40, _PLACES), rng.integers(40, GRID.columns - 40, _PLACES)
    places = np.column_stack([(columns + 0.5) * GRID.cell_m, GRID.north - (rows_ + 0.5) * GRID.cell_m])
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="wg-") as folder:
        np.save(Path(folder, "points.npy"), points)
        for name in ("quartic", "gaussian"):
            kernel = KERNELS[name]
            bandwidth = SIGMA_M if kernel.power is None else RADIUS_M / (2 * kernel.power + 4) ** 0.5
            mine, theirs, edged = [], [], []
            for _ in range(ROUNDS):
                seconds, made = timed(lambda: kernel_density(
                    points[:, 0], points[:, 1], GRID, inside, kernel, bandwidth, edge="none"))  # noqa: B023
                mine.append(seconds)
                theirs.append(_kdepy(python, Path(folder), name))
                edged.append(timed(lambda: kernel_density(
                    points[:, 0], points[:, 1], GRID, inside, kernel, bandwidth))[0])  # noqa: B023
            exact = density_at(places, points, kernel, bandwidth) * 1e6
            peer = np.load(Path(folder, "density.npy"))[columns, GRID.rows - 1 - rows_] * count * 1e6
            ours_off, peer_off = (
                float(np.abs(found - exact).max() / exact.max() * 100)
                for found in (made.values[rows_, columns].astype(float), peer)
            )
            what, peer_name = f"{count:,} cases at 50 m, {name}", "KDEpy FFTKDE"
            fast, slow = min(mine), min(theirs)
            rows.append(_row(what, "CPU s", fast, slow, peer_name, slow / fast, 3.0))
            less = peer_off / ours_off
            rows.append(_row(f"{what}: error", "% of greatest", ours_off, peer_off, peer_name, less, 1.0))
            without = f"{peer_name} without a correction"
            rows.append(_row(f"{what}, edge corrected", "CPU s", min(edged), slow, without, slow / min(edged), None))
    rows.append(_scipy(points, places, min(mine)))
    return rows


def _kdepy(python: Path, folder: Path, name: str) -> float:
    done = subprocess.run(
        [python, Path(__file__).resolve(), "kdepy", folder, name], capture_output=True, text=True, check=True
    )
    seconds: float = json.loads(done.stdout)
    return seconds


def _scipy(points: NDArray[np.float64], places: NDArray[np.float64], mine: float) -> dict[str, Any]:
    """gaussian_kde at some places, scaled up to all cells: all of them would take hours."""
    from scipy.stats import gaussian_kde

    fitted = gaussian_kde(points.T)
    seconds = timed(lambda: fitted(places.T))[0] * GRID.rows * GRID.columns / len(places)
    name = f"{len(points):,} cases at 50 m, gaussian, {len(places)} places scaled up"
    return _row(name, "CPU s", mine, seconds, "scipy gaussian_kde", seconds / mine, 50.0)


def tiles(seconds: float = 3.0) -> list[dict[str, Any]]:
    """What a cached tile of the density costs the server beside a cached tile of the grids, by turns."""
    import psycopg2
    from bench_serve import read
    from http_load import load
    from peer_servers import ours

    from config.machine.cluster import Cluster
    from layers.database.migrate import migrate
    from layers.sample import load_sample
    from layers.sample.city import build_city

    rows = []
    with tempfile.TemporaryDirectory(prefix="wg-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        note("  initdb, sample city")
        options = {"fsync": "off", "shared_buffers": "256MB", "max_connections": "200"}
        with Cluster(folder / "pg", options).held() as cluster:
            migrate(cluster.owner_dsn)
            city = build_city()
            with closing(psycopg2.connect(cluster.owner_dsn)) as connection:
                load_sample(connection, city=replace(city, cases=city.cases.iloc[:20_000]))
            with ours(cluster.owner_dsn, cluster.api_dsn, folder) as url:
                for zoom, row, column in ((12, 1658, 3413), (14, 6634, 13655)):
                    place = f"WebMercatorQuad/{zoom}/{row}/{column}"
                    drawn = [f"/collections/case-density/map/tiles/{place}?f=png"]
                    vector = [f"/collections/grids/tiles/{place}?f=mvt"]
                    for (path,) in (drawn, vector):
                        # each worker makes or finds the map once, however long a busy machine takes for it
                        for _ in range(16):
                            read(url + path)
                    costs: tuple[list[float], list[float]] = ([], [])
                    for _ in range(ROUNDS):
                        for held, paths in zip(costs, (drawn, vector), strict=True):
                            before = _cpu_of_children()
                            got = load(url, paths, seconds)
                            if got.failed or not got.answers:
                                raise RuntimeError(f"{paths[0]}: {got.failed} requests failed")
                            held.append((_cpu_of_children() - before) / got.answers * 1e6)
                    mine, theirs = (statistics.median(held) for held in costs)
                    rows.append(_row(f"density tile z{zoom}, cached", "CPU us a request", mine, theirs,
                                     "vector tile of grids, cached", theirs / mine, 1.0))  # fmt: skip
    return rows


def _cpu_of_children() -> float:
    """Seconds of the processor of all processes that this one started and of those that these started."""
    parents: dict[int, list[int]] = {}
    seconds: dict[int, float] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text("ascii").rpartition(")")[2].split()
        except (OSError, UnicodeDecodeError):
            continue
        parents.setdefault(int(fields[1]), []).append(int(entry.name))
        seconds[int(entry.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    waiting, total = list(parents.get(os.getpid(), [])), 0.0
    while waiting:
        process = waiting.pop()
        total += seconds[process]
        waiting += parents.get(process, [])
    return total


def _row(
    name: str, unit: str, mine: float, peer: float, peer_name: str, ratio: float, goal: float | None
) -> dict[str, Any]:
    return {"name": name, "unit": unit, "ours": float(f"{mine:.4g}"), "peer": float(f"{peer:.4g}"),
            "peer_name": peer_name, "ratio": round(ratio, 2), "goal": goal}  # fmt: skip


def run_kdepy(folder: Path, name: str) -> None:
    """The peer's part, in its own environment: seconds of the processor, and the density as a file."""
    from KDEpy import FFTKDE

    points = np.load(folder / "points.npy")
    kernel, bandwidth = _KDEPY_KERNELS[name]
    across = (np.arange(GRID.columns) + 0.5) * GRID.cell_m
    up = (np.arange(GRID.rows) + 0.5) * GRID.cell_m
    grid = np.stack(np.meshgrid(across, up, indexing="ij"), axis=-1).reshape(-1, 2)
    FFTKDE(kernel=kernel, bw=bandwidth).fit(points[:100]).evaluate(grid)
    seconds, made = timed(lambda: FFTKDE(kernel=kernel, bw=bandwidth).fit(points).evaluate(grid))
    np.save(folder / "density.npy", made.reshape(GRID.columns, GRID.rows))
    print(json.dumps(seconds))


if __name__ == "__main__":
    if sys.argv[1:2] == ["kdepy"]:
        run_kdepy(Path(sys.argv[2]), sys.argv[3])
    else:
        print(*bench(), sep="\n")
