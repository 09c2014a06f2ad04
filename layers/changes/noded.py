"""Borders of edited grids laid onto those of the grids around them, each sort of grid by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.changes.meeting import meet_borders
from geo.changes.noding import node_borders
from geo.measuring import Plane
from layers.changes.flags import NODE_M
from layers.changes.ground import Ground
from layers.changes.sent_feature import rounded
from layers.checking.coverages import SCATTERED_KIND

_ROUNDED_DEG: Final = 5e-7
"""Five centimetres: clients round to a centimetre, some to a metre, and the latter are told."""


@dataclass(frozen=True)
class NodedMove:
    """What noding did to one grid.

    Attributes
    ----------
    id : str
        In the working copy.
    edited : bool
        Whether it is a grid of the set; a neighbour only gets vertices.
    moved_m, gained_m2, lost_m2 : float
    vertices_added : int
    place : tuple of float
        Longitude and latitude of the middle of where it happened.
    """

    id: str
    edited: bool
    moved_m: float
    gained_m2: float
    lost_m2: float
    vertices_added: int
    place: tuple[float, float]

    def document(self) -> dict[str, Any]:
        """As JSON, rounded to what can be measured."""
        return {
            "id": self.id,
            "edited": self.edited,
            "moved_m": round(self.moved_m, 4),
            "gained_m2": round(self.gained_m2, 4),
            "lost_m2": round(self.lost_m2, 4),
            "vertices_added": self.vertices_added,
            "place": [round(self.place[0], 7), round(self.place[1], 7)],
        }


@dataclass(frozen=True, eq=False)
class NodedGround:
    """Edited grids and their neighbours with common vertices.

    Attributes
    ----------
    shapes : list of shapely geometries
        Of the edits that stay, in their order, EPSG:4490.
    near : (m,) ndarray of shapely geometries
        Of the grids around, in the order of the ground.
    moves : list of NodedMove
    """

    shapes: list[BaseGeometry]
    near: NDArray[np.object_]
    moves: list[NodedMove]

    def changed_near(self, ground: Ground) -> Iterator[tuple[int, BaseGeometry]]:
        """Row number and shape of each grid around that got vertices."""
        for fid, before, after in zip(ground.near_fids, ground.near, self.near, strict=True):
            if after is not before:
                yield fid, after


def node_ground(ground: Ground, tolerance_m: float = NODE_M) -> NodedGround:
    """Node the edited grids of a ground among each other and with those around.

    Grids that lie on top of others share no border with them, and are noded among themselves.

    Parameters
    ----------
    ground : Ground
    tolerance_m : float
        No border moves further.
    """
    staying = [edit for edit in ground.edits if edit.stays]
    count = len(staying)
    shapes = np.empty(count + len(ground.near), dtype=object)
    shapes[:] = [*(rounded(edit.geometry, ground.plane) for edit in staying), *ground.near]
    names = [*(edit.id for edit in staying), *ground.near_ids]
    kinds = [*(edit.values["kind"] for edit in staying), *ground.near_kinds]
    on_top = np.array([kind == SCATTERED_KIND for kind in kinds], dtype=bool)
    moves: list[NodedMove] = []
    for which in (False, True):
        group = np.flatnonzero(on_top == which)
        mine, others = group[group < count], group[group >= count]
        if not len(mine):
            continue
        _meet(shapes, mine, others, names, moves, ground)
        _node(shapes, mine, others, names, count, moves, ground.plane, tolerance_m)
    return NodedGround(shapes[:count].tolist(), shapes[count:], moves)


def _meet(
    shapes: NDArray[np.object_],
    changed: NDArray[np.intp],
    fixed: NDArray[np.intp],
    names: list[str],
    moves: list[NodedMove],
    ground: Ground,
) -> None:
    """Bring vertices together that rounding keeps apart, in their places, and note how far which grids moved."""
    before = shapes[changed]
    edge = None if ground.outline is None else shapely.boundary(ground.outline)
    shapes[changed], shapes[fixed] = meet_borders(before, shapes[fixed], _ROUNDED_DEG, edge)
    for place, was in zip(changed.tolist(), before, strict=True):
        if shapes[place] is was or shapely.equals_identical(shapes[place], was):
            continue
        old, new = ground.plane.flat(np.array([was, shapes[place]], dtype=object))
        x, y = shapely.get_coordinates(shapely.centroid(was))[0].tolist()
        added = int(shapely.get_num_coordinates(new) - shapely.get_num_coordinates(old))
        moves.append(
            NodedMove(
                names[place], True, float(shapely.hausdorff_distance(old, new)),
                float(shapely.difference(new, old).area), float(shapely.difference(old, new).area), added, (x, y),
            )
        )  # fmt: skip


def _node(
    shapes: NDArray[np.object_],
    changed: NDArray[np.intp],
    fixed: NDArray[np.intp],
    names: list[str],
    count: int,
    moves: list[NodedMove],
    plane: Plane,
    tolerance_m: float,
) -> None:
    """Node some shapes in their places and note the moves."""
    noded = node_borders(shapes[changed], shapes[fixed], tolerance_m, plane=plane)
    for move in noded.moves:
        place = int((changed if move.side == "changed" else fixed)[move.index])
        # the same vertices in another order are no other grid
        if move.geometry.is_empty:
            continue
        shapes[place] = (noded.geometries if move.side == "changed" else noded.fixed)[move.index]
        x, y = shapely.get_coordinates(shapely.centroid(move.geometry))[0].tolist()
        moves.append(
            NodedMove(
                names[place], place < count, move.moved_m, move.gained_m2, move.lost_m2, move.vertices_added, (x, y)
            )
        )
