"""The layer of the crosswalk: relations of department cells and grids as they were last kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
import shapely
from psycopg2.extensions import cursor as Cursor

from geo.crosswalk.crosswalk import Crosswalk
from geo.measuring import Plane

LEAST_ROLE: Final = "editor"
"""Who may keep relations for all to see."""


@dataclass(frozen=True, eq=False)
class Place:
    """Where a cell or grid lies: its shape in EPSG:4490, and its township where that is known."""

    shape: Any
    township_code: str | None


def kept_rows(
    walk: Crosswalk, cells: Mapping[tuple[str, str], Place], grids: Mapping[str, Place], plane: Plane
) -> Iterator[dict[str, Any]]:
    """Rows of the layer from a crosswalk.

    Parameters
    ----------
    walk : Crosswalk
    cells : mapping of (department, id) to Place
    grids : mapping of id to Place
    plane : Plane
        Where the walk was measured.

    Yields
    ------
    dict
        Relations with their common ground, then each cell without a grid and each grid that a department leaves out,
        with their own. A row belongs to the township of its grid, or of its cell where it has none.
    """
    relations = walk.relations
    people = None if walk.spread is None else walk.spread.relation
    for row, shape in enumerate(plane.degrees(relations.shape)):
        cell, grid = int(relations.cell[row]), int(relations.grid[row])
        name = walk.grid_ids[grid]
        yield {
            **_row(walk.departments[walk.department[cell]], walk.cell_ids[cell], name, grids[name], shape),
            "relation": str(relations.kind[row]),
            "proposed": int(walk.assignment[cell]) == grid,
            "area_m2": float(relations.area_m2[row]),
            "cell_share": float(relations.cell_share[row]),
            "grid_share": float(relations.grid_share[row]),
            "people": None if people is None else float(people[row]),
        }
    for cell in walk.orphan_cells.tolist():
        department, name = walk.departments[walk.department[cell]], walk.cell_ids[cell]
        place = cells[department, name]
        yield _row(department, name, None, place, place.shape)
    for one, grid in zip(*(part.tolist() for part in walk.orphan_grids), strict=True):
        place = grids[walk.grid_ids[grid]]
        yield _row(walk.departments[one], None, walk.grid_ids[grid], place, place.shape)


def keep_crosswalk(cur: Cursor, rows: Iterable[Mapping[str, Any]]) -> int:
    """Put relations in the place of those that their departments had; how many there are.

    Parameters
    ----------
    cur : cursor
        Of an editor, in the service's login or the owner's.
    rows : iterable of mapping
        As `kept_rows`.
    """
    cur.execute("select wangge.keep_crosswalk(%s::jsonb)", (orjson.dumps(list(rows)).decode(),))
    (count,) = cur.fetchone() or (0,)
    return int(count)


def _row(department: str, cell: str | None, grid: str | None, place: Place, shape: Any) -> dict[str, Any]:
    """A row as it is of an orphan."""
    return {
        "department": department,
        "cell_code": cell,
        "grid_code": grid,
        "relation": "orphan",
        "proposed": False,
        "area_m2": 0.0,
        "cell_share": 0.0,
        "grid_share": 0.0,
        "people": None,
        "township_code": place.township_code,
        "geom": None if shape is None else shapely.to_wkb(shape, hex=True, output_dimension=2),
    }
