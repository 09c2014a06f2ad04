"""Coverage checks of up to a million polygons: CPU seconds beside a self-join and an overlay, growth, and memory.

Every number is taken in a process of its own, so that its memory is its own. The peers find overlaps and nothing else,
where ours finds every kind.
"""

from __future__ import annotations

import ctypes
import json
import math
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import shapely

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]

from town_of_cells import lattice  # noqa: E402

from geo.coverage.coverage import check_coverage  # noqa: E402

FAULTS = 0.01
LEAST_M2 = 0.01


def cells(n: int) -> Any:
    """About ``n`` cells of 36 edges and eight neighbours, a hundredth of them with a fault."""
    side = math.isqrt(n)
    return lattice(side, side, np.random.default_rng(20), faults=FAULTS)


def ours(polygons: Any) -> int:
    """Overlaps that the check finds, beside everything else."""
    found = check_coverage(polygons, [str(n) for n in range(len(polygons))], min_area_m2=LEAST_M2)
    return sum(finding.kind == "overlap" for finding in found)


def self_join(polygons: Any) -> int:
    """Overlaps by an STRtree of the polygons and the intersection of each pair that meets."""
    first, second = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    pairs = first < second
    common = shapely.intersection(polygons[first[pairs]], polygons[second[pairs]])
    return int((shapely.area(common) > LEAST_M2).sum())


def overlay(polygons: Any) -> int:
    """Overlaps by geopandas."""
    frame = geopandas.GeoDataFrame({"n": range(len(polygons))}, geometry=polygons)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        common = geopandas.overlay(frame, frame, how="intersection")
    return int(((common["n_1"] < common["n_2"]) & (common.area > LEAST_M2)).sum())


WAYS: dict[str, Callable[[Any], int]] = {"ours": ours, "self_join": self_join, "overlay": overlay}


def measured(way: str, n: int) -> dict[str, float]:
    """CPU seconds, overlaps, and megabytes in all and above the input, of one way in a process of its own."""
    command = [sys.executable, str(Path(__file__).resolve()), way, str(n)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def bench(
    n: int = 100_000, overlay_n: int = 100_000, least: int = 10_000, largest: int = 1_000_000
) -> list[dict[str, Any]]:
    """Time and memory of the check.

    Parameters
    ----------
    n : int
        Polygons of the self-join and of the memory.
    overlay_n : int
        Polygons of the overlay, which takes half a minute for 100,000.
    least, largest : int
        Polygons of the first and last step of the growth.

    Returns
    -------
    list of dict
        Rows: name, unit, ours, peer, peer_name, ratio (theirs over ours; of a limit the goal
        over ours), goal.

    Raises
    ------
    RuntimeError
        When the ways find different numbers of overlaps.
    """
    runs = {key: measured(*key) for key in (
        ("ours", overlay_n), ("overlay", overlay_n), ("ours", n), ("self_join", n), ("ours", least), ("ours", largest)
    )}  # fmt: skip
    for size, peer in ((n, "self_join"), (overlay_n, "overlay")):
        if runs["ours", size]["overlaps"] != runs[peer, size]["overlaps"]:
            raise RuntimeError(f"the check and {peer} differ")
    fewer = runs["ours", overlay_n], runs["overlay", overlay_n]
    few, some, many = runs["ours", least], runs["ours", n], runs["ours", largest]
    steps = [(few, some), (some, many)]
    growth = [math.log(b["cpu_s"] / a["cpu_s"]) / math.log(b["polygons"] / a["polygons"]) for a, b in steps]
    return [
        _against(f"check {n:,} polygons", some, runs["self_join", n], "STRtree self-join with intersections", 5.0),
        _against(f"check {overlay_n:,} polygons", *fewer, "geopandas.overlay", 12.0),
        _limit(f"memory above the input, {n:,} polygons", "MB", some["above_mb"], 400),
        _limit(f"growth {least:,} to {n:,}: exponent", "", growth[0], 1.15),
        _limit(f"growth {n:,} to {largest:,}: exponent", "", growth[1], 1.15),
        _limit(f"memory in all, {largest:,} polygons", "MB", many["all_mb"], 4000),
        {**_limit(f"check {largest:,} polygons", "CPU s", many["cpu_s"], None), "ratio": None},
    ]


def _against(name: str, mine: dict[str, float], peer: dict[str, float], peer_name: str, goal: float) -> dict[str, Any]:
    ratio = round(peer["cpu_s"] / mine["cpu_s"], 1)
    return {"name": name, "unit": "CPU s", "ours": round(mine["cpu_s"], 2), "peer": round(peer["cpu_s"], 2),
            "peer_name": peer_name, "ratio": ratio, "goal": goal}  # fmt: skip


def _limit(name: str, unit: str, mine: float, goal: float | None) -> dict[str, Any]:
    ratio = None if goal is None else round(goal / mine, 2) if mine > 0 else None
    return {"name": name, "unit": unit, "ours": round(mine, 2), "peer": None, "peer_name": None, "ratio": ratio,
            "goal": goal}  # fmt: skip


def _memory_mb(field: str) -> float:
    """A line of this process's status: ``VmRSS`` is what it holds, ``VmHWM`` the most it held."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def main(way: str, n: int) -> None:
    """Measure one way and print what came out, for `measured`."""
    polygons = cells(n)
    # the first call of a ufunc and of the tree pays for imports and tables
    WAYS[way](cells(100))
    # what making the polygons took and gave back must not be there to be used again
    ctypes.CDLL(None).malloc_trim(0)
    before = _memory_mb("VmRSS")
    # from here on the most is counted anew
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    start = time.process_time()
    overlaps = WAYS[way](polygons)
    cpu_s = time.process_time() - start
    peak = _memory_mb("VmHWM")
    numbers = {"polygons": len(polygons), "overlaps": overlaps, "cpu_s": cpu_s, "all_mb": peak}
    print(json.dumps(numbers | {"above_mb": max(0.0, peak - before)}))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        main(sys.argv[1], int(sys.argv[2]))
    else:
        print(*bench(), sep="\n")
