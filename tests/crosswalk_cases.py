"""Layers for the tests of the crosswalk, and short ways to say what came out of it."""

import numpy as np
import shapely
from hypothesis import settings
from hypothesis import strategies as st

from geo.crosswalk.crosswalk import NOWHERE, crosswalk
from geo.crosswalk.people import People
from geo.crosswalk.relations import Thresholds

ALL = Thresholds(0)
# how long an example takes is the machine's business
UNHURRIED = settings(deadline=None)


def box(x, y, width=100.0, height=100.0):
    return shapely.box(x, y, x + width, y + height)


def lattice(columns, rows, width=100.0, height=100.0, x=0.0, y=0.0):
    return np.array([box(x + width * i, y + height * j, width, height) for j in range(rows) for i in range(columns)],
                    dtype=object)  # fmt: skip


def names(shapes, prefix="c"):
    return [f"{prefix}{i:04d}" for i in range(len(shapes))]


def walk_of(cells, grids, departments=None, **options):
    cells, grids = np.array(cells, dtype=object), np.array(grids, dtype=object)
    return crosswalk(cells, names(cells), departments or ["water"] * len(cells), grids, names(grids, "g"), **options)


def relations_of(walk):
    """Class of each relation by cell and grid."""
    relations = walk.relations
    return {(walk.cell_ids[c], walk.grid_ids[g]): kind for c, g, kind in
            zip(relations.cell.tolist(), relations.grid.tolist(), relations.kind.tolist(), strict=True)}  # fmt: skip


def assigned(walk):
    return [None if i == NOWHERE else walk.grid_ids[i] for i in walk.assignment]


@st.composite
def layers(draw, most=8):
    """Boxes on a 10 m raster as cells of three departments, and a sound coverage of grids that they may leave."""
    edge = st.integers(0, 30)
    corners = draw(st.lists(st.tuples(edge, edge, st.integers(1, 20), st.integers(1, 20)), min_size=1, max_size=most))
    cells = np.array([box(10 * x, 10 * y, 10 * w, 10 * h) for x, y, w, h in corners], dtype=object)
    departments = draw(st.lists(st.sampled_from(["fire", "law", "water"]), min_size=len(cells), max_size=len(cells)))
    columns, rows = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    return cells, departments, lattice(columns, rows, 70.0, 110.0, 50.0, 50.0)


@st.composite
def populations(draw):
    corners = draw(st.lists(st.tuples(st.integers(0, 45), st.integers(0, 45), st.integers(0, 6)), max_size=8))
    shapes = np.full(len(corners), None, dtype=object)
    shapes[:] = [box(10 * x, 10 * y, 10 * w, 25.0) if w else shapely.Point(10 * x, 10 * y) for x, y, w in corners]
    counts = draw(st.lists(st.integers(0, 500), min_size=len(corners), max_size=len(corners)))
    return People(shapes, np.array(counts, dtype=float), draw(st.sampled_from(["area", "largest"])))
