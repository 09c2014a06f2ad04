"""Many grids into one: how the cells of departments map to the grids of a city."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import GeometryType

from geo.coverage.soundness import check_soundness
from geo.crosswalk.covered import covered_m2, overlapping
from geo.crosswalk.largest import largest
from geo.crosswalk.people import People, Spread, spread_people
from geo.crosswalk.pieces import pieces
from geo.crosswalk.relations import Relations, Thresholds, relate
from geo.crosswalk.whole_people import whole_people
from geo.errors import InvalidInput
from geo.finding import Finding

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
NOWHERE = -1


@dataclass(frozen=True, eq=False)
class Crosswalk:
    """Cells of departments mapped to grids.

    Parameters
    ----------
    departments : tuple of str, length d
        Sorted; the numbers in ``department`` are positions in it.
    cell_ids, grid_ids : lists of str, lengths n and m
        In the order of the arrays: cells by department and id, grids by id, whatever the order of the input was.
    department : (n,) int array
    cell_area_m2, grid_area_m2 : (n,) and (m,) float arrays
    relations : Relations
    assignment : (n,) int array
        Grid proposed for each cell, `NOWHERE` where there is none.
    assigned_share : (n,) float array
        Share of the cell, of its people or its area, that lies in that grid; 0 where there is none.
    by_people : (n,) bool array
        Whether that share is one of people.
    inside_m2 : (n,) float array
        Area of each cell inside of the grids together.
    covered_m2 : (d, m) float array
        Area of each grid that the cells of each department cover together, slivers included.
    spread : Spread or None
        People of cells, grids and relations.
    mended : list of Finding
        Cells and grids that were not valid and count as what ``make_valid`` makes of them; their places in metres.
    """

    departments: tuple[str, ...]
    cell_ids: list[str]
    department: Ints
    cell_area_m2: Floats
    grid_ids: list[str]
    grid_area_m2: Floats
    relations: Relations
    assignment: Ints
    assigned_share: Floats
    by_people: NDArray[np.bool_]
    inside_m2: Floats
    covered_m2: Floats
    spread: Spread | None
    mended: list[Finding]

    @property
    def outside_m2(self) -> Floats:
        """Area of each cell outside of every grid, (n,)."""
        return np.maximum(self.cell_area_m2 - self.inside_m2, 0.0)

    @property
    def orphan_cells(self) -> Ints:
        """Cells without a relation but slivers."""
        alone = np.ones(len(self.cell_ids), dtype=bool)
        alone[self.relations.cell[self.relations.kept]] = False
        return np.flatnonzero(alone)

    @property
    def orphan_grids(self) -> tuple[Ints, Ints]:
        """Department and grid of every grid in which the department has no cell but slivers."""
        bare = np.ones(self.covered_m2.shape, dtype=bool)
        kept = self.relations.kept
        bare[self.department[self.relations.cell[kept]], self.relations.grid[kept]] = False
        one, grid = np.nonzero(bare)
        return one, grid


def crosswalk(
    cells: Sequence[Any] | NDArray[Any],
    cell_ids: Sequence[str],
    departments: Sequence[str],
    grids: Sequence[Any] | NDArray[Any],
    grid_ids: Sequence[str],
    *,
    people: People | None = None,
    least: Thresholds | None = None,
    assign_by: Literal["people", "area"] = "people",
    whole: bool = False,
) -> Crosswalk:
    """Map the cells of departments to grids.

    Parameters
    ----------
    cells : array of shapely polygons, shape (n,), metric CRS
    cell_ids, departments : sequences of str, length n
        Id of each cell, unique inside its department, and its department.
    grids : array of shapely polygons, shape (m,), same CRS
    grid_ids : sequence of str, length m
        Unique.
    people : People, optional
        A third layer, same CRS, for shares of people.
    least : Thresholds, optional
        What counts as a sliver; the defaults of `Thresholds` when left out.
    assign_by : {'people', 'area'}
        Share by which the grid of a cell is proposed; a cell without people goes by area in either case.
    whole : bool
        People in whole numbers, by `geo.crosswalk.whole_people`. Shares are those of the exact numbers.

    Returns
    -------
    Crosswalk
        Does not depend on the order of the input (sums of people but for their last digits).

    Raises
    ------
    InvalidInput
        When lengths differ, or two cells of a department or two grids have the same id.

    Notes
    -----
    Of a cell, area = kept + slivers + outside of every grid, and so for its people; where grids overlap each other, the
    common ground of a relation is counted in each of them.

    Examples
    --------
    >>> row = [shapely.box(x, 0, x + 10, 10) for x in (0, 10)]
    >>> found = crosswalk([shapely.box(0, 0, 14, 10)], ["w1"], ["water"], row, ["g1", "g2"])
    >>> found.relations.kind.tolist(), found.relations.cell_share.round(3).tolist(), found.relations.grid_share.tolist()
    (['1:n', '1:n'], [0.714, 0.286], [1.0, 0.4])
    >>> [found.grid_ids[i] for i in found.assignment]
    ['g1']
    """
    for layer, shapes, named in (("cells", cells, cell_ids), ("departments", departments, cell_ids),
                                 ("grids", grids, grid_ids)):  # fmt: skip
        if len(shapes) != len(named):
            raise InvalidInput("coverage.lengths", field=layer, expected=len(named), given=len(shapes))
    order = sorted(range(len(cell_ids)), key=lambda i: (departments[i], cell_ids[i]))
    grid_order = sorted(range(len(grid_ids)), key=lambda i: grid_ids[i])
    names = [cell_ids[i] for i in order]
    titles, department = np.unique([departments[i] for i in order], return_inverse=True)
    _unique("cells", [(departments[i], cell_ids[i]) for i in order])
    grid_names = [grid_ids[i] for i in grid_order]
    _unique("grids", [("", name) for name in grid_names])
    ground, mended = _sound(cells, order, names)
    floor, grid_mended = _sound(grids, grid_order, grid_names)

    found = pieces(ground, floor)
    spread = None
    if people is not None:
        spread = spread_people(_sound_people(people), ground, department, floor, found)
    area, grid_area = shapely.area(ground), shapely.area(floor)
    relations = relate(found, area, grid_area, department, spread, least or Thresholds())
    assignment, share, by_people = _assigned(relations, len(names), spread if assign_by == "people" else None)
    twice = np.zeros(len(ground), dtype=bool)
    for one in range(len(titles)):
        twice[department == one] = overlapping(ground[department == one])
    return Crosswalk(
        tuple(titles.tolist()), names, department, area, grid_names, grid_area, relations, assignment, share, by_people,
        covered_m2(found.shape, found.left, len(names), overlapping(floor)[found.right]),
        covered_m2(
            found.shape, department[found.left] * len(grid_names) + found.right, len(titles) * len(grid_names),
            twice[found.left],
        ).reshape(len(titles), len(grid_names)),
        whole_people(spread, department, found) if spread is not None and whole else spread,
        mended + grid_mended,
    )  # fmt: skip


def _assigned(relations: Relations, cells: int, spread: Spread | None) -> tuple[Ints, Floats, NDArray[np.bool_]]:
    """Grid of the largest share of each cell, that share, and whether it is one of people; ties go to the first id."""
    grid, share = np.full(cells, NOWHERE, dtype=np.intp), np.zeros(cells)
    by_people = np.zeros(cells, dtype=bool) if spread is None else spread.cell > 0
    weight = relations.cell_share
    if relations.cell_people_share is not None and spread is not None:
        weight = np.where(by_people[relations.cell], relations.cell_people_share, weight)
    kept = np.flatnonzero(relations.kept)
    rows = kept[largest(relations.cell[kept], weight[kept], relations.grid[kept])]
    grid[relations.cell[rows]], share[relations.cell[rows]] = relations.grid[rows], weight[rows]
    return grid, share, by_people


def _sound(
    given: Sequence[Any] | NDArray[Any], order: list[int], names: list[str]
) -> tuple[NDArray[np.object_], list[Finding]]:
    shapes = np.full(len(order), None, dtype=object)
    shapes[:] = [given[i] for i in order]
    polygons, findings = check_soundness(shapes, names)
    return polygons, [finding for finding in findings if finding.kind == "invalid"]


def _sound_people(people: People) -> People:
    """Blocks that are not valid count as what ``make_valid`` makes of them."""
    if len(people.shapes) != len(people.count):
        raise InvalidInput("coverage.lengths", field="people", expected=len(people.shapes), given=len(people.count))
    shapes = people.shapes.copy()
    blocks = np.flatnonzero(np.isin(shapely.get_type_id(shapes), (GeometryType.POLYGON, GeometryType.MULTIPOLYGON)))
    shapes[blocks] = check_soundness(shapes[blocks], [""] * len(blocks))[0]
    return replace(people, shapes=shapes)


def _unique(layer: str, names: list[tuple[str, str]]) -> None:
    for before, after in zip(names, names[1:], strict=False):
        if before == after:
            raise InvalidInput("crosswalk.twice", layer=layer, department=after[0], id=after[1])
