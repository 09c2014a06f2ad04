"""Layers for the tests of the crosswalk, and short ways to say what came out of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from hypothesis import settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo.crosswalk.crosswalk import NOWHERE, Crosswalk, crosswalk
from geo.crosswalk.people import People
from geo.crosswalk.relations import Thresholds

ALL = Thresholds(0)
# how long an example takes is the machine's business
UNHURRIED = settings(deadline=None)


def box(x: float, y: float, width: float = 100.0, height: float = 100.0) -> shapely.Polygon:
    return shapely.box(x, y, x + width, y + height)


def lattice(
    columns: int, rows: int, width: float = 100.0, height: float = 100.0, x: float = 0.0, y: float = 0.0
) -> NDArray[np.object_]:
    return np.array([box(x + width * i, y + height * j, width, height) for j in range(rows) for i in range(columns)],
                    dtype=object)  # fmt: skip


def names(shapes: Sequence[Any] | NDArray[np.object_], prefix: str = "c") -> list[str]:
    return [f"{prefix}{i:04d}" for i in range(len(shapes))]


def walk_of(cells: Any, grids: Any, departments: Sequence[str] | None = None, **options: Any) -> Crosswalk:
    cells, grids = np.array(cells, dtype=object), np.array(grids, dtype=object)
    return crosswalk(cells, names(cells), departments or ["water"] * len(cells), grids, names(grids, "g"), **options)


def relations_of(walk: Crosswalk) -> dict[tuple[str, str], str]:
    """Class of each relation by cell and grid."""
    relations = walk.relations
    return {(walk.cell_ids[c], walk.grid_ids[g]): kind for c, g, kind in
            zip(relations.cell.tolist(), relations.grid.tolist(), relations.kind.tolist(), strict=True)}  # fmt: skip


def assigned(walk: Crosswalk) -> list[str | None]:
    return [None if i == NOWHERE else walk.grid_ids[i] for i in walk.assignment]


@st.composite
def layers(draw: st.DrawFn, most: int = 8) -> tuple[NDArray[np.object_], list[str], NDArray[np.object_]]:
    """Boxes on a 10 m raster as cells of three departments, and a sound coverage of grids that they may leave."""
    edge = st.integers(0, 30)
    corners = draw(st.lists(st.tuples(edge, edge, st.integers(1, 20), st.integers(1, 20)), min_size=1, max_size=most))
    cells: NDArray[np.object_] = np.array([box(10 * x, 10 * y, 10 * w, 10 * h) for x, y, w, h in corners], dtype=object)
    departments = draw(st.lists(st.sampled_from(["fire", "law", "water"]), min_size=len(cells), max_size=len(cells)))
    columns, rows = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    return cells, departments, lattice(columns, rows, 70.0, 110.0, 50.0, 50.0)


@st.composite
def populations(draw: st.DrawFn) -> People:
    corners = draw(st.lists(st.tuples(st.integers(0, 45), st.integers(0, 45), st.integers(0, 6)), max_size=8))
    shapes = np.full(len(corners), None, dtype=object)
    shapes[:] = [box(10 * x, 10 * y, 10 * w, 25.0) if w else shapely.Point(10 * x, 10 * y) for x, y, w in corners]
    counts = draw(st.lists(st.integers(0, 500), min_size=len(corners), max_size=len(corners)))
    return People(shapes, np.array(counts, dtype=float), draw(st.sampled_from(["area", "largest"])))
