"""What became of the ground of grids: which new grid got how much of which old one, and which code stays.

Ground decides, never the name that a grid has while it is edited: a grid that is deleted and drawn again on the same
ground keeps its code, and two grids that trade places trade codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.changes.pieces import common_ground
from geo.changes.shares import ROUNDING, exact_shares
from geo.changes.vertices import sound_in_plane
from geo.errors import InvalidInput
from geo.measuring import Plane

Operation = Literal["keep", "split", "merge", "transfer", "redraw", "new", "retire"]
OPERATIONS: Final = ("keep", "split", "merge", "transfer", "redraw", "new", "retire")

Geometries = Sequence[BaseGeometry] | NDArray[Any]


@dataclass(frozen=True)
class Link:
    """Ground that was one grid's and is another's.

    Attributes
    ----------
    before, after : str or None
        The grid that had it, and the one that has it; None where nobody had it, or has it.
    share_of_before, share_of_after : float
        Part of the old grid's ground and of the new one's, 0 to 1; 0 where there is no such grid. Over all links of an
        old grid, and of a new one, they sum to exactly 1.
    area_m2 : float
        The common ground as measured; slivers, which have no link of their own, are in the shares only.
    operation : str
        ``keep``: the same grid, its code stays. ``retire``: nobody has the ground any more. ``new``: nobody had it.
        Of the others, with "nearly all" for the share that keeps a code:
        ``split``: nearly all of the new grid comes from the old one, which goes on elsewhere or ends.
        ``merge``: nearly all of the old grid goes into the new one, which has other ground as well.
        ``transfer``: a part goes to a neighbour, or nearly the same ground gets another code, as when its village comes
        to another township. ``redraw``: neither is nearly all of the other, and each is the other's largest part.
    """

    before: str | None
    after: str | None
    share_of_before: float
    share_of_after: float
    area_m2: float
    operation: Operation


@dataclass(frozen=True)
class Lineage:
    """What became of the ground of some grids.

    Attributes
    ----------
    links : list of Link
        In the order of the old grids, each with its largest part first; then what is new.
    kept : dict of str to str
        From each new grid that keeps a code to the old one whose code it is. No two new grids keep one code.
    """

    links: list[Link]
    kept: dict[str, str]


def derive_lineage(
    before_ids: Sequence[str],
    before_geoms: Geometries,
    after_ids: Sequence[str],
    after_geoms: Geometries,
    *,
    plane: Plane,
    keep_share: float = 0.9,
    sliver_m: float = 1.0,
    before_kinds: Sequence[str] | None = None,
    after_kinds: Sequence[str] | None = None,
    before_homes: Sequence[str | None] | None = None,
    after_homes: Sequence[str | None] | None = None,
) -> Lineage:
    """Follow ground from old grids to new ones.

    Parameters
    ----------
    before_ids, after_ids : (n,) and (m,) str
        Names of the grids that end or change, and of those that take their place; each once.
    before_geoms, after_geoms : (n,) and (m,) valid shapely polygons
        In the source CRS of ``plane``.
    plane : Plane
        Where areas are measured.
    keep_share : float
        A code stays when at least this share of the old grid lies in the new one and at least this share of the new
        one was the old one's. Above 0.5, so that one grid can neither keep two codes nor one code stay with two grids:
        there are no ties to be broken.
    sliver_m : float
        Common ground that is nowhere wider is no link of its own: of the old grid's shares it goes to the largest, and
        of the new one's. The largest part of a grid is always a link, however narrow.
    before_kinds, after_kinds : (n,) and (m,) str, optional
        Grids of different kinds may lie on one another, so ground goes to a grid of another kind only where it had, and
        has, no grid of its own: where a dedicated grid is carved out of a social one, or a grid changes its kind.
    before_homes, after_homes : (n,) and (m,) str or None, optional
        What a code belongs to, such as the village in its digits. A code stays only with its home.

    Returns
    -------
    Lineage

    Raises
    ------
    InvalidInput
        Lengths that differ, a name that occurs twice, a grid without ground or with an invalid polygon, or a
        ``keep_share`` that is not above 0.5 and at most 1.

    Examples
    --------
    >>> import shapely
    >>> found = derive_lineage(
    ...     ["a", "b"], [shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)],
    ...     ["c", "d"], [shapely.box(0, 0, 95, 100), shapely.box(95, 0, 200, 100)],
    ...     plane=Plane("EPSG:4549", "EPSG:4549"),
    ... )
    >>> [(link.before, link.after, round(link.share_of_before, 2), link.operation) for link in found.links]
    [('a', 'c', 0.95, 'keep'), ('a', 'd', 0.05, 'transfer'), ('b', 'd', 1.0, 'keep')]
    """
    if not 0.5 < keep_share <= 1:
        raise InvalidInput("lineage.keep-share", keep_share=keep_share)
    # a share that is the bound itself may have been rounded below it
    enough = keep_share - ROUNDING
    old = _names("before_ids", before_ids, before_geoms, before_kinds, before_homes)
    new = _names("after_ids", after_ids, after_geoms, after_kinds, after_homes)
    area = common_ground(
        sound_in_plane(np.array(before_geoms, dtype=object), plane)[0],
        sound_in_plane(np.array(after_geoms, dtype=object), plane)[0],
        old, new, before_kinds, after_kinds, sliver_m,
    )  # fmt: skip
    of_before = {i: exact_shares(amounts) for i, amounts in area.of_before.items()}
    of_after = {j: exact_shares(amounts) for j, amounts in area.of_after.items()}
    shares: dict[tuple[int, int], tuple[float, float]] = {}
    for i, there in area.after_of.items():
        for j, share in zip(there, of_before[i].tolist(), strict=True):
            shares[i, j] = (share, 0.0)
    for j, here in area.before_of.items():
        for i, share in zip(here, of_after[j].tolist(), strict=True):
            shares[i, j] = (shares[i, j][0] if i >= 0 else 0.0, share)

    homes = before_homes or [None] * len(old), after_homes or [None] * len(new)
    kinds = before_kinds or [""] * len(old), after_kinds or [""] * len(new)
    kept = {
        j: i
        for (i, j), both in shares.items()
        if i >= 0 and j >= 0 and min(both) >= enough and homes[0][i] == homes[1][j] and kinds[0][i] == kinds[1][j]
    }
    best_of_before = {i: min((-shares[i, j][0], j) for j in there)[1] for i, there in area.after_of.items()}
    best_of_after = {j: min((-shares[i, j][1], i) for i in here)[1] for j, here in area.before_of.items()}

    def operation(i: int, j: int) -> Operation:
        of_old, of_new = shares[i, j]
        if i < 0 or j < 0:
            return "new" if i < 0 else "retire"
        if kept.get(j) == i:
            return "keep"
        if (of_old >= enough) != (of_new >= enough):
            return "merge" if of_old >= enough else "split"
        if of_old >= enough:
            return "transfer"
        return "redraw" if best_of_before[i] == j and best_of_after[j] == i else "transfer"

    order = sorted(shares, key=lambda pair: (pair[0] < 0, pair[0], -shares[pair][0], pair[1] < 0, pair[1]))
    links = [
        Link(
            old[i] if i >= 0 else None, new[j] if j >= 0 else None, *shares[i, j], area.area_m2[i, j], operation(i, j)
        )  # fmt: skip
        for i, j in order
    ]
    return Lineage(links, {new[j]: old[i] for j, i in sorted(kept.items())})


def _names(field: str, ids: Sequence[str], *columns: Any) -> list[str]:
    for column in columns:
        if column is not None and len(column) != len(ids):
            raise InvalidInput("coverage.lengths", field=field, expected=len(column), given=len(ids))
    names = [str(name) for name in ids]
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidInput("lineage.twice", field=field, id=name)
        seen.add(name)
    return names
