"""Borders of changed grids laid onto those of their neighbours, so that both sides have the same vertices.

Nothing is snapped. The borders cut the ground into faces; an overlap or gap that is narrow enough goes whole to one
side, and the grids are put together again from their faces, as `geo.coverage.repair` does. The difference is that
here some grids are fixed: what they claim stays theirs, and they get vertices at most, on edges that they have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.changes.seams import cuts_of
from geo.changes.vertices import Vertices, kept_vertices, sound_in_plane, without_needless
from geo.coverage.faces import Faces, Owners, faces_of, put_together
from geo.coverage.matching import matched_edges
from geo.coverage.units import Reason, Terms, Unit, choose, hold, sides_of, units_of
from geo.errors import InvalidInput
from geo.measuring import Plane

Geometries = Sequence[BaseGeometry] | NDArray[Any]


@dataclass(frozen=True, eq=False)
class Move:
    """What noding did to one grid.

    Attributes
    ----------
    side : {'changed', 'fixed'}
    index : int
        Position among the changed or the fixed grids.
    geometry : shapely geometry
        Where: the ground that was won or lost, or the vertices that were added; in the source CRS of the plane.
    moved_m : float
        How far its border went at most; 0 where it only got vertices.
    gained_m2, lost_m2 : float
        Ground won and lost; 0 for fixed grids.
    vertices_added : int
        Vertices that it has more, or with a minus less.
    """

    side: Literal["changed", "fixed"]
    index: int
    geometry: BaseGeometry
    moved_m: float
    gained_m2: float
    lost_m2: float
    vertices_added: int


@dataclass(frozen=True, eq=False)
class Noded:
    """Grids with common vertices.

    Attributes
    ----------
    geometries : (n,) array of shapely polygons
        The changed grids, source CRS of the plane; one that did not change is the very geometry that was given.
    fixed : (m,) array of shapely polygons
        The fixed grids, of which some have more vertices.
    moves : list of Move
        One for each grid that is another geometry now.
    left : list of (shapely polygon, Reason)
        Overlaps and gaps at changed grids that stay what they are, and why; source CRS of the plane.
    """

    geometries: NDArray[np.object_]
    fixed: NDArray[np.object_]
    moves: list[Move]
    left: list[tuple[BaseGeometry, Reason]]


def node_borders(changed: Geometries, fixed: Geometries, tolerance_m: float, *, plane: Plane) -> Noded:
    """Give changed grids and their fixed neighbours the same vertices where their borders run together.

    Parameters
    ----------
    changed : (n,) valid shapely polygons
        In the source CRS of ``plane``.
    fixed : (m,) valid shapely polygons
        All other grids within the tolerance of a changed one, same CRS. They keep their ground.
    tolerance_m : float
        No border moves further, and no overlap or gap that is wider is touched.
    plane : Plane
        Where it is measured.

    Returns
    -------
    Noded
        No grid is invalid or empty, and none has more parts than it had: what would do that is left and said.

    Raises
    ------
    InvalidInput
        A tolerance that is not positive, or a polygon that is not valid or has no area.

    Notes
    -----
    An overlap with a fixed grid stays the fixed one's, and a gap at fixed grids goes to a changed one. Between changed
    grids it goes to the one with which it shares most of its border; a gap that runs on from one changed grid to the
    next is cut where they meet, and each gets what lies before it. Overlaps and gaps of fixed grids alone are not
    looked at. In a plane of degrees a vertex that is added to a fixed edge lies on it but for the rounding of stored
    degrees, some micrometres.

    Examples
    --------
    >>> noded = node_borders(
    ...     [shapely.box(0, 0, 9.7, 5)], [shapely.box(10, 0, 20, 10)], 0.5, plane=Plane("EPSG:4549", "EPSG:4549")
    ... )
    >>> noded.geometries[0].area, noded.moves, [reason for _, reason in noded.left]
    (48.5, [], [])
    >>> noded = node_borders(
    ...     [shapely.box(0, 0, 10.2, 5)], [shapely.box(10, 0, 20, 10)], 0.5, plane=Plane("EPSG:4549", "EPSG:4549")
    ... )
    >>> noded.geometries[0].area, [(move.side, round(move.lost_m2, 6), move.vertices_added) for move in noded.moves]
    (50.0, [('changed', 1.0, 0), ('fixed', 0.0, 1)])
    """
    if not 0 < tolerance_m < float("inf"):
        raise InvalidInput("repair.tolerance", tolerance_m=tolerance_m)
    count = len(changed)
    given = np.concatenate((_array(changed), _array(fixed)))
    flat, mended = sound_in_plane(given, plane)
    sound = shapely.is_valid(flat) & (shapely.area(flat) > 0)
    if not sound.all():
        raise InvalidInput("noding.unsound", index=int(np.argmin(sound)) + 1)
    grid, near = shapely.STRtree(flat).query(flat[:count], predicate="dwithin", distance=tolerance_m)
    some = np.unique(near)
    edges = matched_edges(flat[some])
    # every fault begins at an edge that is not matched, and so lies at a grid that has one
    torn = np.unique(some[edges.owner[edges.partner < 0]])
    some = np.unique(near[np.isin(grid, torn[torn < count])])
    if not len(some):
        return Noded(given[:count], given[count:], [], [])

    terms = Terms(tolerance_m, set(np.flatnonzero(mended).tolist()), frozenset(range(count, len(given))))
    faces, units = _judged(flat, some, terms, None)
    cuts = [cut for unit in units if unit.reason == "moves-too-far" for cut in cuts_of(unit, faces, terms.still)]
    if cuts:
        faces, units = _judged(flat, some, terms, np.array(cuts, dtype=object))
    owners = hold(units, faces, flat, terms)
    whose: dict[int, list[int]] = defaultdict(list)
    for face, one in enumerate(owners):
        for i in one:
            whose[i].append(face)

    out, new = given.copy(), flat.copy()
    touched = []
    for i in some[~mended[some]].tolist():
        shape = put_together(faces.shapes[whose[i]])
        if not _same(shape, flat[i]):
            new[i] = shape
            touched.append(i)
    vertices = Vertices(given[some], flat[some], plane)
    new[some] = without_needless(new[some], kept_vertices(flat[some], new[some]))
    left = [(unit.shape, unit.reason) for unit in units if unit.winner is None and unit.reason is not None]
    moves = []
    for i in touched:
        if _same(new[i], flat[i]):
            continue
        there = vertices.in_source(new[i])
        if not there.is_valid:
            left.append((new[i], "invalid"))
            continue
        out[i] = there
        moves.append(_move(i, count, flat[i], new[i], units, plane))
    places = np.full(len(left), None, dtype=object)
    places[:] = [shape for shape, _ in left]
    stays = list(zip(plane.back(places).tolist(), [reason for _, reason in left], strict=True))
    return Noded(out[:count], out[count:], moves, stays)


def _judged(
    flat: NDArray[Any], some: NDArray[np.intp], terms: Terms, cuts: NDArray[Any] | None
) -> tuple[Faces, list[Unit]]:
    """Faces, and overlaps and gaps at changed grids with who gets each."""
    faces = faces_of(flat, some, cuts)
    still = set(terms.still)
    units = [unit for unit in units_of(faces, None, True, cuts) if not _beside(unit, faces) <= still]
    for unit in units:
        choose(unit, faces, terms)
    return faces, units


def _same(one: BaseGeometry, other: BaseGeometry) -> bool:
    """Whether two polygons have the same vertices, wherever they begin; a multipolygon of one part is that part."""
    parts = [shapely.normalize(shapely.multipolygons(shapely.get_parts(shape))) for shape in (one, other)]
    return bool(shapely.equals_identical(*parts))


def _beside(unit: Unit, faces: Faces) -> Owners:
    """Who claims an overlap, or lies beside a gap."""
    return unit.owners or frozenset(p for _, beyond in sides_of(unit, faces) for p in beyond)


def _array(geometries: Geometries) -> NDArray[np.object_]:
    out = np.empty(len(geometries), dtype=object)
    out[:] = list(geometries)
    return out


def _move(i: int, count: int, old: BaseGeometry, new: BaseGeometry, units: list[Unit], plane: Plane) -> Move:
    added = int(shapely.get_num_coordinates(new) - shapely.get_num_coordinates(old))
    if i >= count:
        where = shapely.difference(_points(new), _points(old))
        return Move("fixed", i - count, plane.back(np.array([where]))[0], 0.0, 0.0, 0.0, added)
    mine = [u for u in units if u.winner is not None and (i in u.owners or i == u.winner)]
    ground = [u.shape for u in mine]
    where = shapely.union_all(ground) if ground else shapely.difference(_points(new), _points(old))
    gained = sum(u.shape.area for u in mine if u.winner == i and i not in u.owners)
    lost = sum(u.shape.area for u in mine if u.winner != i)
    moved = max((u.moved for u in mine if not (u.winner == i and i in u.owners)), default=0.0)
    return Move("changed", i, plane.back(np.array([where]))[0], moved, float(gained), float(lost), added)


def _points(shape: BaseGeometry) -> BaseGeometry:
    return shapely.multipoints(shapely.get_coordinates(shape))
