"""Grids that lie on top of a net of other grids, or are carved out of it: dedicated ones among social-governance ones.

No text that was read says which of the two a city does, and both occur. A grid more than half of which lies on ground
that the net claims lies on top and has to stay there; any other counts as carved out, fills the gap that it leaves, and
has to stay in the outline or, where that is not known, touch the net.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.coverage.soundness import polygonal
from geo.coverage.width import width_m
from geo.finding import Finding

CARVED_SHARE: Final = 0.5
_TOUCH_M: Final = 1e-6


def beyond(polygons: NDArray[Any], net: NDArray[Any], tree: shapely.STRtree | None = None) -> NDArray[np.object_]:
    """Part of each polygon that no polygon of a net covers.

    Parameters
    ----------
    polygons : (n,) array of valid shapely polygons, metric CRS
    net : (m,) array of valid shapely polygons, same CRS
    tree : STRtree, optional
        Of the net.

    Returns
    -------
    (n,) array of shapely polygons
        Empty where all is covered.
    """
    tree = shapely.STRtree(net) if tree is None else tree
    out = np.array(polygons, dtype=object)
    above, below = tree.query(polygons, predicate="intersects")
    order = np.lexsort((below, above))
    above, below = above[order], below[order]
    some, first = np.unique(above, return_index=True)
    for k, ground in zip(some.tolist(), np.split(net[below], first[1:]), strict=bool(len(some))):
        under = ground[0] if len(ground) == 1 else shapely.union_all(ground)
        out[k] = shapely.Polygon() if under.covers(polygons[k]) else shapely.difference(polygons[k], under)
    return polygonal(out)


def carved(polygons: NDArray[Any], net: NDArray[Any], tree: shapely.STRtree | None = None) -> NDArray[np.bool_]:
    """Which polygons are carved out of a net; arguments as those of `beyond`."""
    mostly: NDArray[np.bool_] = shapely.area(beyond(polygons, net, tree)) > CARVED_SHARE * shapely.area(polygons)
    return mostly


def check_net(
    polygons: NDArray[Any],
    ids: Sequence[str],
    net: NDArray[Any],
    outline: BaseGeometry | None,
    tolerance_m: float,
    min_area_m2: float,
) -> list[Finding]:
    """Polygons that leave the net they lie on.

    Parameters
    ----------
    polygons : (n,) array of valid shapely polygons, metric CRS
    ids : (n,) str
    net : (m,) array of valid shapely polygons, same CRS
    outline : shapely Polygon or MultiPolygon, optional
        What a polygon that is carved out has to stay in.
    tolerance_m : float
        A part beyond that is nowhere wider is a sliver, and a warning.
    min_area_m2 : float
        A part beyond that is not larger is nothing.

    Returns
    -------
    list of Finding
        Kind ``outside-parent`` with the values ``net`` (true), ``parent`` (empty) and ``share``.
    """
    tree = shapely.STRtree(net)
    rest = beyond(polygons, net, tree)
    whole = shapely.area(polygons)
    out_of_net = shapely.area(rest) > CARVED_SHARE * whole
    if outline is not None:
        rest[out_of_net] = polygonal(shapely.difference(rest[out_of_net], outline))
    else:
        alone = np.ones(len(polygons), dtype=bool)
        alone[np.unique(tree.query(polygons, predicate="dwithin", distance=_TOUCH_M)[0])] = False
        rest[out_of_net & ~alone] = shapely.Polygon()
    area = shapely.area(rest)
    some = np.flatnonzero(area > min_area_m2)
    return [
        Finding(
            "outside-parent",
            "warning" if wide < tolerance_m else "error",
            (ids[i],),
            rest[i],
            {"net": True, "parent": "", "share": float(area[i] / whole[i])},
            area_m2=float(area[i]),
            width_m=float(wide),
            sliver=bool(wide < tolerance_m),
            place="net",
        )
        for i, wide in zip(some.tolist(), width_m(rest[some]), strict=True)
    ]
