"""The coordinate system that a file is in, and the way from there to the one that is stored."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from geo.crs import STORED_SRID
from geo.errors import InvalidInput
from geo.gcj02 import TO_WGS84, shift_geometries

DECIMALS: Final = 8
"""Of stored degrees: a millimetre, and the same vertex in two rows stays the same vertex."""

_NAMES: Final = {"WGS84": "EPSG:4326", "CGCS2000": "EPSG:4490", "CRS84": "EPSG:4326"}
_SAME_DATUM: Final = (
    "wgs 84",
    "wgs_1984",
    "world geodetic system 1984",
    "china 2000",
    "china_2000",
    "cgcs2000",
    "cgcs_2000",
)


@dataclass(frozen=True)
class SourceCrs:
    """A coordinate system of a file.

    Attributes
    ----------
    name : str
        ``EPSG:n``, ``GCJ02``, ``BD09``, or the name that the file's own definition gives.
    crs : CRS or None
        None for the shifted systems of map vendors.
    """

    name: str
    crs: CRS | None

    @property
    def srid(self) -> int | None:
        """EPSG code, None where there is none."""
        return int(self.name[5:]) if self.name.startswith("EPSG:") else None

    @property
    def shifted(self) -> bool:
        """Whether it is one of the shifted systems."""
        return self.crs is None

    @property
    def geographic(self) -> bool:
        """Whether its coordinates are degrees."""
        return self.crs is None or bool(self.crs.is_geographic)

    @property
    def datum_differs(self) -> bool:
        """Whether it stands on another datum than WGS 84 and CGCS2000, such as Beijing 54 or Xi'an 80."""
        if self.crs is None:
            return False
        geodetic = self.crs.geodetic_crs
        datum = (
            f"{geodetic.datum.name if geodetic and geodetic.datum else ''} {geodetic.name if geodetic else ''}".lower()
        )
        return not any(name in datum for name in _SAME_DATUM)

    def to_stored(self, geometries: NDArray[Any]) -> NDArray[np.object_]:
        """The geometries in EPSG:4490, longitude first, without heights, rounded to `DECIMALS`.

        Parameters
        ----------
        geometries : (n,) ndarray of shapely geometries or None
            Coordinates in this system, x (easting, longitude) first.

        Returns
        -------
        (n,) ndarray
            Where a point does not exist in this system its coordinates are infinite.
        """
        flat = shapely.force_2d(geometries)
        if self.crs is None:
            moved = shift_geometries(flat, TO_WGS84[self.name])
        elif self.srid in (STORED_SRID, 4326):
            moved = flat
        else:
            way = Transformer.from_crs(self.crs, STORED_SRID, always_xy=True)

            def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
                return np.column_stack(way.transform(points[:, 0], points[:, 1]))

            moved = shapely.transform(flat, move)
        rounded: NDArray[np.object_] = shapely.transform(moved, lambda points: np.round(points, DECIMALS))
        return rounded


def parse_crs(text: str) -> SourceCrs:
    """The system that a caller names.

    Parameters
    ----------
    text : str
        ``EPSG:4528``, ``4528``, ``GCJ02``, ``BD09``, ``WGS84``, ``CGCS2000``; case and hyphens don't matter.

    Raises
    ------
    InvalidInput
        When it names none.

    Examples
    --------
    >>> parse_crs("epsg:4549").srid, parse_crs("GCJ-02").name, parse_crs("4490").geographic
    (4549, 'GCJ02', True)
    """
    name = re.sub(r"[\s_-]", "", text).upper()
    if name in TO_WGS84:
        return SourceCrs(name, None)
    name = _NAMES.get(name, name)
    digits = name.removeprefix("EPSG:")
    if digits.isascii() and digits.isdigit():
        try:
            return SourceCrs(f"EPSG:{int(digits)}", CRS.from_epsg(int(digits)))
        except (CRSError, ProjError):
            pass
    raise InvalidInput("load.crs-unknown", crs=text)


def crs_of_file(definition: str | None) -> SourceCrs | None:
    """The system that a file's own definition gives: ``EPSG:n`` or WKT, as the reader hands it on; None for none."""
    if not definition:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            crs = CRS.from_user_input(definition)
    except (CRSError, ProjError):
        return None
    if crs.is_engineering or (not crs.is_geographic and not crs.is_projected and not crs.is_compound):
        return None
    code = crs.to_epsg(min_confidence=90)
    return SourceCrs(f"EPSG:{code}" if code else crs.name, CRS.from_epsg(code) if code else crs)


def likely_projected(x: NDArray[np.float64], y: NDArray[np.float64], metric_srid: int) -> str | None:
    """EPSG code that metres of China look like, None when they look like nothing known.

    Parameters
    ----------
    x, y : (n,) arrays
        Coordinates as the file has them.
    metric_srid : int
        The city's own zone without zone number, 4534 to 4554; the one with its number is 21 below.

    Examples
    --------
    >>> likely_projected(np.array([40504715.9]), np.array([3560704.5]), 4549)
    'EPSG:4528'
    >>> likely_projected(np.array([504715.9]), np.array([3560704.5]), 4549)
    'EPSG:4549'
    """
    if not len(x):
        return None
    middle_x, middle_y = float(np.median(x)), float(np.median(y))
    if not 1e6 < middle_y < 6.5e6:
        return None
    if 1e5 < middle_x < 9e5:
        return f"EPSG:{metric_srid}"
    zone = int(middle_x // 1_000_000)
    return f"EPSG:{4488 + zone}" if 25 <= zone <= 45 else None
