"""What a client asks to see of a raster: which ground, in which CRS, and how many cells of it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from geo.crs import CRS84_URI, axes_inverted, srid_of, uri_of
from geo.errors import InvalidInput
from layers.features.items_request import offered_crs, offered_uri, parse_bbox
from layers.features.subset import Ground, axis_of, axis_parts, in_metres, parse_subset

MOST_CELLS: Final = 16_000_000


@dataclass(frozen=True)
class Asked:
    """What of a raster is wanted.

    Attributes
    ----------
    ground : Ground or None
        None for all of it.
    crs : str or None
        URI of the answer's CRS; None for the raster's own.
    columns, rows : int or None
        How many cells the answer has; None follows from the others.
    across, down : float
        Cells of the raster that one of the answer stands for.
    cell_x, cell_y : float or None
        Size of the answer's cells in units of its CRS.
    """

    ground: Ground | None = None
    crs: str | None = None
    columns: int | None = None
    rows: int | None = None
    across: float = 1.0
    down: float = 1.0
    cell_x: float | None = None
    cell_y: float | None = None

    @property
    def whole(self) -> bool:
        """Whether the raster is wanted as it stands."""
        return self == Asked()


SPATIAL: Final = ("bbox", "bbox-crs", "subset", "subset-crs", "crs", "width", "height")
SCALING: Final = ("scale-factor", "scale-axes", "scale-size", "resolution")


def parse_asked(pairs: Iterable[tuple[str, str]], metric_srid: int) -> tuple[Asked, str | None]:
    """Read the parameters of `SPATIAL` and `SCALING`; ``subset`` may stand more than once.

    Parameters
    ----------
    pairs : iterable of (str, str)
        Decoded query parameters.
    metric_srid : int
        The city's metric CRS, in which its rasters are.

    Returns
    -------
    Asked, and what ``subset=time(...)`` says as ``datetime`` writes it, or None.

    Raises
    ------
    InvalidInput
        Naming the parameter, its value and what it takes.
    """
    listed = list(pairs)
    params = dict(listed)
    offered = offered_crs(metric_srid)
    crs, bbox_crs = (
        offered_uri(params[name], name, offered) if name in params else None for name in ("crs", "bbox-crs")
    )
    subset = parse_subset(listed, offered)
    ground = subset.ground
    if ground is not None and "bbox" in params:
        raise InvalidInput("raster.bbox-and-subset")
    if "bbox" in params:
        ground = _bbox(params["bbox"], bbox_crs or CRS84_URI)
    projected = crs is None or in_metres(crs)
    columns, rows = (_count(params[name], name) if name in params else None for name in ("width", "height"))
    factor = _positive(params["scale-factor"], "scale-factor") if "scale-factor" in params else 1.0
    across, down = _pair(params, "scale-axes", projected)
    wide, high = _pair(params, "scale-size", projected)
    cell_x, cell_y = _pair(params, "resolution", projected)
    asked = Asked(
        ground,
        None if crs == uri_of(metric_srid) else crs,
        columns if wide is None else _count(f"{wide:g}", "scale-size"),
        rows if high is None else _count(f"{high:g}", "scale-size"),
        across or factor,
        down or factor,
        cell_x,
        cell_y,
    )
    return asked, subset.period


def _bbox(text: str, crs: str) -> Ground:
    a, b, c, d = parse_bbox(text)
    if axes_inverted(crs):
        a, b, c, d = b, a, d, c
    if a > c or b > d:
        raise InvalidInput("query.bbox-order", value=text[:80])
    return Ground((a, c), (b, d), srid_of(crs))


def _pair(params: dict[str, str], parameter: str, projected: bool) -> tuple[float | None, float | None]:
    """``E(2),N(3)``: a positive number an axis; an empty one, or an empty parameter, is the raster's own."""
    found: dict[str, float] = {}
    for axis, text in axis_parts(params.get(parameter, ""), parameter):
        which = axis_of(axis, projected, parameter)
        if text:
            found[which] = _positive(text, parameter)
    return found.get("x"), found.get("y")


def _positive(text: str, parameter: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 1e-6 < number < 1e6:
        raise InvalidInput("query.value", parameter=parameter, value=text[:40], wanted="0.000001 < x < 1000000")
    return number


def _count(text: str, parameter: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9) or not 1 <= int(text) <= MOST_CELLS:
        raise InvalidInput("query.whole", parameter=parameter, value=text[:40], least=1)
    return int(text)
