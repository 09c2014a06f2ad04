"""Numbering grids: the reading order of a village, first serials, and serials appended later.

No standard says how "west to east, north to south" is computed for irregular polygons. This is our rule:

1. Every grid stands for one point: the representative point (`shapely.point_on_surface`, so inside even of a crescent)
   of its normalised geometry in the city's metric CRS, rounded to whole millimetres.
2. The band depth is half of the median height (north-south extent) of the grids that are ordered together; of an even
   number of grids, the greater of the two middle heights counts.
3. The northernmost point that is in no band yet opens the next band, which takes every point at most one band depth
   south of it. So a row of grids whose points lie a little higher and lower stays one band, and the next row, about one
   height further south, opens its own.
4. Bands follow each other from north to south. Inside a band the order is by x (west first); ties by y (north first),
   then by the bytes of the normalised geometry.

Only the set of geometries counts, not the order in which they come. Identical geometries, a fault that the coverage
check reports, are the one exception: nothing tells them apart, and they keep the order of the input.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.codes.code import check_village_code
from geo.codes.schemes import DEFAULT_SCHEME, CodeScheme, OrderRule
from geo.crs import STORED_SRID, project
from geo.errors import InvalidInput

_MM = 1000.0


@dataclass(frozen=True)
class Places:
    """Where geometries stand for the reading order: points and heights in whole millimetres, tie-breakers; all (n,)."""

    x: NDArray[np.int64]
    y: NDArray[np.int64]
    height: NDArray[np.int64]
    shape: NDArray[np.object_]

    def order(self, members: NDArray[np.intp]) -> NDArray[np.intp]:
        """``members`` (indices of places) in reading order."""
        if len(members) < 2:
            return members
        bands = _bands(self.y[members], self.height[members])
        position = {
            int(i): (band, x, -y) for i, band, x, y in
            zip(members, bands.tolist(), self.x[members].tolist(), self.y[members].tolist(), strict=True)
        }
        tied = len(set(position.values())) < len(position)
        if tied:
            return np.array(sorted(position, key=lambda i: (position[i], _bytes(self.shape[i]))), dtype=np.intp)
        return np.array(sorted(position, key=position.__getitem__), dtype=np.intp)


def places(
    geometries: ArrayLike, metric_srid: int, *, srid: int = STORED_SRID, rule: OrderRule = "rows"
) -> Places:
    """The points that stand for geometries, once for many reading orders.

    Parameters
    ----------
    geometries : array of polygons, shape (n,)
        In ``srid``, x first.
    metric_srid : int
        EPSG code of the city's metric CRS (metres).
    srid : int
        EPSG code of the geometries; when it is ``metric_srid``, nothing is projected.
    rule : {'rows', 'rows-mirrored'}
        Mirrored turns both axes round: bands from south to north, east to west inside each.

    Raises
    ------
    InvalidInput
        For a geometry that is missing, empty or without finite coordinates; it names the index.
    """
    shapes = np.empty(np.shape(geometries)[:1], dtype=object)
    shapes[:] = geometries
    bounds = shapely.bounds(shapes)
    bad = np.flatnonzero(~np.isfinite(bounds).all(axis=1)) if len(shapes) else np.array([], dtype=np.intp)
    if len(bad):
        raise InvalidInput("numbering.no-geometry", index=int(bad[0]) + 1, count=len(bad))
    metric = shapely.normalize(project(shapely.force_2d(shapes), srid, metric_srid))
    bounds = shapely.bounds(metric)
    if not np.isfinite(bounds).all():
        index = int(np.flatnonzero(~np.isfinite(bounds).all(axis=1))[0])
        raise InvalidInput("numbering.outside-crs", index=index + 1, srid=metric_srid)
    points = shapely.point_on_surface(metric)
    sign = -1 if rule == "rows-mirrored" else 1
    return Places(
        x=sign * _millimetres(shapely.get_x(points)),
        y=sign * _millimetres(shapely.get_y(points)),
        height=_millimetres(bounds[:, 3] - bounds[:, 1]) if len(shapes) else np.array([], dtype=np.int64),
        shape=shapes,
    )


def reading_order(
    geometries: ArrayLike, metric_srid: int, *, srid: int = STORED_SRID, rule: OrderRule = "rows"
) -> NDArray[np.intp]:
    """Order in which a reader meets geometries: north to south in bands, west to east inside a band.

    The module says exactly how. Parameters and errors are those of `places`.

    Returns
    -------
    ndarray of int, shape (n,)
        Indices into ``geometries``, the first to be read first.

    Examples
    --------
    >>> squares = [shapely.box(x, y, x + 100, y + 100) for x, y in ((100, 0), (0, 7), (0, 100), (100, 104))]
    >>> reading_order(squares, 4549, srid=4549).tolist()
    [2, 3, 1, 0]
    """
    found = places(geometries, metric_srid, srid=srid, rule=rule)
    return found.order(np.arange(len(found.x), dtype=np.intp))


def assign_serials(
    geometries: ArrayLike,
    village_codes: Sequence[str],
    kinds: Sequence[str],
    scheme: CodeScheme = DEFAULT_SCHEME,
    *,
    metric_srid: int,
    srid: int = STORED_SRID,
    used: Mapping[str, Collection[int]] | None = None,
    serials: Sequence[int | None] | None = None,
) -> NDArray[np.int64]:
    """Serials of grids inside their villages.

    The grids of one kind in one village are numbered upwards in reading order, from the first serial of the kind's
    block or, where serials were given out already, from one above the greatest of them. Holes are not filled: a serial
    that is missing may have been on paper before it was in a computer.

    Parameters
    ----------
    geometries : array of polygons, shape (n,)
        In ``srid``, x first.
    village_codes : sequence of str, length n
        12-digit code of each grid's village.
    kinds : sequence of str, length n
        Kind of each grid, one of the scheme.
    metric_srid, srid : int
        EPSG codes of the city's metric CRS and of the geometries.
    used : mapping of str to collection of int, optional
        Serials ever given out in a village, retired ones included. None of them is given again.
    serials : sequence of int or None, length n, optional
        Serials that grids hold already; those grids keep them, so a re-run on its own answer changes nothing.

    Returns
    -------
    ndarray of int64, shape (n,)
        One serial a grid; no two of one village alike, except where ``serials`` itself repeats one.

    Raises
    ------
    InvalidInput
        A village that is not 12 digits, a kind without a block, a block that is full, lists of different lengths, or
        what `places` raises.

    Notes
    -----
    Where the scheme has a serial for whole villages (CJ/T 349-2010 5.7), a village with one grid in all and no serial
    ever given out takes that one, when the grid's kind is the scheme's first.
    """
    count = len(village_codes)
    held = list(serials) if serials is not None else [None] * count
    if not np.shape(geometries)[:1] == (count,) or len(kinds) != count or len(held) != count:
        raise InvalidInput("numbering.lengths", geometries=np.shape(geometries)[0], villages=count, kinds=len(kinds))
    taken: defaultdict[str, set[int]] = defaultdict(set)
    for village, numbers in (used or {}).items():
        taken[village].update(int(number) for number in numbers)
    open_groups: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    grids_in: defaultdict[str, int] = defaultdict(int)
    for index, (village, kind, serial) in enumerate(zip(village_codes, kinds, held, strict=True)):
        check_village_code(village)
        grids_in[village] += 1
        if serial is None:
            scheme.block_of(kind)
            open_groups[village, kind].append(index)
        else:
            taken[village].add(int(serial))
    answer = np.array([-1 if serial is None else serial for serial in held], dtype=np.int64)
    pending = np.array(sorted(i for group in open_groups.values() for i in group), dtype=np.intp)
    if not len(pending):
        return answer
    shapes = np.empty(count, dtype=object)
    shapes[:] = geometries
    found = places(shapes[pending], metric_srid, srid=srid, rule=scheme.order)
    slot = {int(index): position for position, index in enumerate(pending)}
    for (village, kind), group in sorted(open_groups.items()):
        members = np.array([slot[i] for i in group], dtype=np.intp)
        ordered = pending[found.order(members)]
        whole = grids_in[village] == 1 and kind == scheme.kinds[0] and not taken[village]
        if whole and scheme.whole_village_serial is not None:
            answer[ordered] = scheme.whole_village_serial
        else:
            answer[ordered] = append_serials(village, kind, len(group), taken[village], scheme)
    return answer


def append_serials(
    village: str, kind: str, count: int, used: Collection[int], scheme: CodeScheme = DEFAULT_SCHEME
) -> range:
    """The next serials of a kind in a village, one above the greatest that was ever given out.

    Parameters
    ----------
    village : str
        12-digit code, for the message.
    kind : str
        A kind of the scheme.
    count : int
        How many.
    used : collection of int
        Serials ever given out in the village, retired ones included.

    Raises
    ------
    InvalidInput
        When the block of the kind has not that many left; it says how many.

    Examples
    --------
    >>> list(append_serials("321283100201", "dedicated", 2, {1, 2, 501}))
    [502, 503]
    """
    block = scheme.block_of(kind)
    first = max((serial for serial in used if serial in block), default=block.first - 1) + 1
    if first + count - 1 > block.last:
        raise InvalidInput("numbering.block-full", village=village, kind=kind, first=block.first, last=block.last,
                           left=block.last - first + 1, needed=count)
    return range(first, first + count)


def _bands(y: NDArray[np.int64], height: NDArray[np.int64]) -> NDArray[np.intp]:
    """Number of the band of each point, 0 the northernmost; whole millimetres, so no rounding decides."""
    depth = int(np.sort(height)[len(height) // 2]) // 2
    bands = np.empty(len(y), dtype=np.intp)
    band, top = -1, 0
    for index in np.argsort(-y, kind="stable"):
        north = int(y[index])
        if band < 0 or north < top - depth:
            band, top = band + 1, north
        bands[index] = band
    return bands


def _millimetres(metres: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(metres * _MM).astype(np.int64)


def _bytes(shape: shapely.Geometry) -> bytes:
    return bytes(shapely.to_wkb(shapely.normalize(shapely.force_2d(shape)), byte_order=0))
