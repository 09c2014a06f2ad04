"""Where a crosswalk's cells, grids and people come from: with the request, or from a layer of the service."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import shapely
from psycopg2.extensions import cursor as Cursor
from pydantic import Field

from geo.measuring import Plane, plane_of
from layers.catalogue.departments import DEPARTMENT_CELLS
from layers.checking.areas import PLACES, POLYGONS, Areas, read_areas
from layers.checking.coded_grids import read_city
from layers.checking.coverages import SCATTERED_KIND
from layers.database.database import bound
from processes.base import Parameters
from processes.features.area_features import read_features

Source = dict[str, Any] | str
_TOWNSHIP: Final = "township_code"


@dataclass(frozen=True, eq=False)
class Sources:
    """What was read.

    Attributes
    ----------
    cells, grids : Areas
    owners : list of str
        Department of each cell.
    blocks : Areas or None
        Where people are.
    plane : Plane
        Where it is measured.
    """

    cells: Areas
    owners: list[str]
    grids: Areas
    blocks: Areas | None
    plane: Plane


class SourceParameters(Parameters):
    """Cells, grids and people, each a FeatureCollection or the id of a layer."""

    cells: Source = Field(
        DEPARTMENT_CELLS.id,
        title="Cells",
        description="FeatureCollection of department cells in longitude and latitude, or the id of a layer; the "
        "loaded cells when not given.",
        json_schema_extra={
            "title_zh": "部门单元",
            "description_zh": "部门网格要素集合（GeoJSON，经度、纬度）或图层；缺省为已载入的部门网格。",
        },
    )
    department: str = Field(
        "department",
        title="Department property",
        description="Property that says whose cell it is; cells that lack it belong to one department.",
        json_schema_extra={"title_zh": "部门字段", "description_zh": "注明单元所属部门的属性；缺失时视为同一部门。"},
    )
    grids: Source = Field(
        "grids",
        title="Grids",
        description="FeatureCollection of grids, or the id of a layer.",
        json_schema_extra={"title_zh": "网格", "description_zh": "网格要素集合或图层。"},
    )
    kind: Literal["social", "dedicated"] = Field(
        "social",
        title="Kind of grids",
        description="Grids that the cells are mapped to: the social-governance grids, or the dedicated ones.",
        json_schema_extra={
            "title_zh": "网格类型",
            "description_zh": "映射到综合网格（social）或专属网格（dedicated）。",
        },
    )
    population: Source | None = Field(
        None,
        title="Population",
        description="FeatureCollection of blocks or points with people, or the id of a layer: shares of people then.",
        json_schema_extra={"title_zh": "人口", "description_zh": "带人口的面或点要素集合或图层；给出时另计人口占比。"},
    )
    population_property: str = Field(
        "population",
        title="Population property",
        description="Property with the number of people.",
        json_schema_extra={"title_zh": "人口字段", "description_zh": "人口数所在的属性。"},
    )
    counts: list[str] = Field(
        default_factory=list,
        title="Counts",
        description="Properties of the cells (households, cases) to carry over to the grids.",
        json_schema_extra={"title_zh": "统计字段", "description_zh": "需要转换到网格的单元属性（户数、事件数等）。"},
    )

    def read(self) -> Sources:
        """Read all of them in one transaction of who asks.

        Raises
        ------
        InvalidInput
            Naming the input, and the feature or layer in it that can't be read.
        """
        with bound().transaction() as cur:
            city = read_city(cur)
            cells = _areas(cur, self.cells, "cells", {"code", _TOWNSHIP, self.department, *self.counts})
            if self.cells == DEPARTMENT_CELLS.id:
                # their ids are made to be told apart, and say nothing to a person
                cells = replace(cells, ids=cells.columns["code"])
            grids = _areas(cur, self.grids, "grids", {"kind", _TOWNSHIP})
            blocks = None
            if self.population is not None:
                blocks = _areas(cur, self.population, "population", {self.population_property}, PLACES)
        kinds = grids.columns.get("kind") or [None] * len(grids.ids)
        dedicated = np.array([kind == SCATTERED_KIND for kind in kinds], dtype=bool)
        grids = grids.only(dedicated == (self.kind == SCATTERED_KIND))
        plane = _plane(city[0] if city and isinstance(self.grids, str) else None, grids, cells)
        return Sources(cells, self._owners(cells), grids, blocks, plane)

    def _owners(self, cells: Areas) -> list[str]:
        """Department of each cell; where none is stated, the layer's name or the word cells."""
        nobody = self.cells if isinstance(self.cells, str) else "cells"
        stated = cells.columns.get(self.department) or [None] * len(cells.ids)
        return [nobody if name in (None, "") else str(name) for name in stated]


def townships_of(areas: Areas) -> list[str | None]:
    """Township that each states, where that is one."""
    stated = areas.columns.get(_TOWNSHIP) or [None] * len(areas.ids)
    return [code if isinstance(code, str) and re.fullmatch("[0-9]{9}", code) else None for code in stated]


def _areas(cur: Cursor, source: Source, field: str, wanted: set[str], types: tuple[str, ...] = POLYGONS) -> Areas:
    if isinstance(source, dict):
        return read_features(source, field, wanted)
    return read_areas(cur, source, wanted, types, field=field)


def _plane(metric_srid: int | None, grids: Areas, cells: Areas) -> Plane:
    """The city's metric CRS for its own grids; for others the one that fits their place."""
    bounds = shapely.bounds(np.concatenate((grids.geometries, cells.geometries)))
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if metric_srid is not None or not len(bounds):
        return Plane(f"EPSG:{metric_srid or 4549}")
    west, south = bounds[:, :2].min(axis=0)
    east, north = bounds[:, 2:].max(axis=0)
    return plane_of((float(west), float(south), float(east), float(north)))
