"""A file of polygons read for a check: as it is, nothing rounded and nothing mended."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from geo.coverage.limits import Limits
from geo.crs import STORED_SRID
from geo.errors import InvalidInput
from geo.measuring import Plane, plane_of
from layers.checking.coded_grids import CodedGrids
from layers.checking.coverages import NO_LIMITS, Coverage
from layers.checking.ordinary import ordinary
from layers.loading.reading import open_source
from layers.loading.source import Source
from layers.loading.source_crs import SourceCrs, parse_crs
from layers.loading.whereabouts import source_crs

_CODES: Final = ("code", "编码", "网格编码", "wgbm")
_NAMES: Final = (*_CODES, "id", "name", "名称")
_KIND: Final = ("kind", "网格类型")
_VILLAGE: Final = ("village_code", "村居编码")
_PEOPLE: Final = ("population", "人口", "人口数")
#: CGCS2000 / 3-degree Gauss-Kruger, with and without the zone's number before the easting.
_CHINESE_ZONES: Final = range(4513, 4555)
_ANY_ZONE: Final = 4549
_GRID_CODE: Final = re.compile(r"[0-9]{15}(?:[0-9]{5})?")


@dataclass(frozen=True, eq=False)
class CheckedFile:
    """Polygons of a file.

    Attributes
    ----------
    coverages : list of Coverage
        In the CRS of the file.
    plane : Plane
        Where they are measured.
    coded : CodedGrids or None
        The same as grids with codes, when the file is one of grids; geometries in EPSG:4490.
    """

    coverages: list[Coverage]
    plane: Plane
    coded: CodedGrids | None

    def __len__(self) -> int:
        return sum(len(coverage.ids) for coverage in self.coverages)


def read_checked_file(path: Path, limits: Limits | None = None) -> CheckedFile:
    """Read a file of polygons.

    Parameters
    ----------
    path : Path
        In any format of `layers.loading.reading.FORMATS`. Features are called by the first of their columns that is
        a code, id or name, else by row number.
    limits : Limits, optional
        Areas and populations that are ordinary; when None, grids are held against those of the city's layers, and other
        polygons against none.

    Raises
    ------
    InvalidInput
        When the file can't be read, does not say its CRS, or has no polygons.
    """
    with open_source(path) as source:
        wanted = {
            role: column
            for role, names in (("name", _NAMES), ("kind", _KIND), ("village", _VILLAGE), ("people", _PEOPLE))
            if (column := _column(source.columns, names))
        }
        crs = _crs(source, path)
        numbers: list[int] = []
        values: dict[str, list[object]] = {role: [] for role in wanted}
        shapes: list[NDArray[np.object_]] = []
        for batch in source.batches(sorted(set(wanted.values()))):
            numbers.extend(batch.numbers)
            shapes.append(batch.geometries)
            for role, column in wanted.items():
                values[role].extend(batch.columns[column])
    geometries = shapely.force_2d(np.concatenate(shapes)) if shapes else np.empty(0, dtype=object)
    if not (shapely.get_dimensions(geometries) == 2).any():
        raise InvalidInput("check.no-polygons", target=path.name)
    ids = _unique(values.get("name", []), numbers)
    kinds = [None if kind is None else str(kind) for kind in values.get("kind", [None] * len(ids))]
    plane = _plane(crs, geometries)
    coded = None
    if _are_grids(wanted, values):
        codes = [None if value is None else str(value) for value in values["name"]]
        stated = values.get("village", [None] * len(ids))
        villages = [None if village is None else str(village) for village in stated]
        coded = CodedGrids(ids, codes, kinds, villages, plane.degrees(plane.flat(geometries)))
    people = np.array([_number(value) for value in values.get("people", [None] * len(ids))])
    if limits is None:
        # of whatever polygons nobody knows what is ordinary
        limits = ordinary() if coded is not None else NO_LIMITS
    coverage = Coverage(ids, geometries, population=people, limits=limits)
    return CheckedFile(coverage.by_kind(kinds), plane, coded)


def _column(columns: Sequence[str], names: Sequence[str]) -> str | None:
    """The column with the first of some names that there is, in whatever case."""
    known = {column.casefold(): column for column in reversed(columns)}
    return next((known[name] for name in names if name in known), None)


def _number(value: object) -> float:
    """A number of people as files have it; not-a-number where it is none."""
    try:
        return float(str(value)) if value is not None else float("nan")
    except ValueError:
        return float("nan")


def _crs(source: Source, path: Path) -> SourceCrs:
    try:
        return source_crs(source, None, _ANY_ZONE, path.name)
    except InvalidInput as error:
        # a file that says nothing but holds degrees, as many Shapefiles do, can be measured all the same
        if error.key == "load.no-crs" and error.values.get("likely") == f"EPSG:{STORED_SRID}":
            return parse_crs(f"EPSG:{STORED_SRID}")
        raise


def _unique(names: Sequence[object], numbers: Sequence[int]) -> list[str]:
    """Names that tell features apart: row numbers where there are none, ``#2`` added to what occurs again."""
    seen: Counter[str] = Counter()
    out = []
    for place, number in enumerate(numbers):
        given = names[place] if names else None
        name = str(number) if given is None or str(given).strip() == "" else str(given)
        seen[name] += 1
        out.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return out


def _plane(crs: SourceCrs, geometries: NDArray[np.object_]) -> Plane:
    if crs.srid in _CHINESE_ZONES:
        return Plane(crs.name, crs.name)
    if crs.crs is None:
        raise InvalidInput("load.crs-unknown", crs=crs.name)
    source = crs.name if crs.srid else crs.crs.to_wkt()
    bounds = shapely.bounds(geometries)
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(bounds):
        return Plane(f"EPSG:{_ANY_ZONE}", source)
    corners = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    way = Transformer.from_crs(source, STORED_SRID, always_xy=True)
    west, south, east, north = way.transform_bounds(*corners[0], *corners[1])
    return Plane(plane_of((west, south, east, north)).crs, source)


def _are_grids(wanted: Mapping[str, str], values: Mapping[str, list[object]]) -> bool:
    """Whether a file is one of grids: codes and villages, or names that mostly have the form of a grid's code."""
    names = values.get("name", [])
    if "village" in wanted and wanted.get("name", "").casefold() in _CODES:
        return True
    return 2 * sum(bool(_GRID_CODE.fullmatch(str(name))) for name in names) > len(names)
