"""Process crosswalk: how department cells map to grids (many grids into one)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import shapely
from psycopg2.extensions import cursor as Cursor

from geo.crosswalk.carry import carry
from geo.crosswalk.conflicts import conflicts
from geo.crosswalk.crosswalk import crosswalk
from geo.crosswalk.people import People
from geo.crosswalk.relations import CLASSES, Thresholds
from geo.measuring import Plane, plane_of
from layers.checking.areas import PLACES, Areas, read_areas
from layers.checking.check import in_degrees
from layers.checking.coded_grids import read_city
from layers.checking.coverages import SCATTERED_KIND
from layers.checking.finding_text import message
from layers.database.database import bound
from layers.text import Text
from processes.base import Parameters, Process
from processes.crosswalk.parameters import CrosswalkParameters, Source
from processes.crosswalk.tables import (
    assignment_rows,
    conflict_rows,
    loss_rows,
    relation_features,
    relation_rows,
    totals,
)
from processes.features.area_features import numbers, read_features, told_apart


def _square(lon: float, lat: float, **properties: object) -> dict[str, Any]:
    east, north = round(lon + 0.02, 2), round(lat + 0.02, 2)
    ring = [[lon, lat], [east, lat], [east, north], [lon, north], [lon, lat]]
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


class CrosswalkProcess(Process):
    """Relations, proposed assignment, conflicts, totals and losses of department cells on grids."""

    id: ClassVar[str] = "crosswalk"
    title: ClassVar[Text] = Text("多网合一", "Many grids into one")
    description: ClassVar[Text] = Text(
        "将各部门的工作网格对应到统一网格：双向面积（人口）占比、关系类型、冲突、建议归并、合计与全部损失。",
        "Maps the cells of departments to grids: shares of both by area and people, the class of each relation, "
        "conflicts, a proposed assignment, totals that add up and every loss.",
    )
    parameters: ClassVar[type[Parameters]] = CrosswalkParameters
    result: ClassVar[Text] = Text(
        "关系、归并建议、冲突、合计与损失", "Relations, assignment, conflicts, totals, losses"
    )
    example: ClassVar[dict[str, Any]] = {
        "cells": {
            "type": "FeatureCollection",
            "features": [
                _square(120.03, 32.15, code="W1", department="water", households=320),
                _square(120.05, 32.15, code="W2", department="water", households=75),
                _square(120.04, 32.16, code="F1", department="fire", households=510),
            ],
        },
        "counts": ["households"],
        "whole": True,
    }

    def run(self, parameters: CrosswalkParameters) -> dict[str, Any]:
        """The tables of the crosswalk."""
        with bound().transaction() as cur:
            city = read_city(cur)
            cells = _areas(cur, parameters.cells, "cells", {parameters.department, *parameters.counts})
            grids = _areas(cur, parameters.grids, "grids", {"kind"})
            blocks = None
            if parameters.population is not None:
                blocks = _areas(cur, parameters.population, "population", {parameters.population_property}, PLACES)
        kinds = grids.columns.get("kind") or [None] * len(grids.ids)
        dedicated = np.array([kind == SCATTERED_KIND for kind in kinds], dtype=bool)
        grids = grids.only(dedicated == (parameters.kind == SCATTERED_KIND))
        plane = _plane(city[0] if city and isinstance(parameters.grids, str) else None, grids, cells)

        owners = _owners(cells, parameters)
        names = told_apart(cells.ids, owners)
        people = None
        if blocks is not None:
            count = numbers(blocks, "population", parameters.population_property)
            people = People(plane.flat(blocks.geometries), count, parameters.blocks)
        walk = crosswalk(
            plane.flat(cells.geometries),
            names,
            owners,
            plane.flat(grids.geometries),
            told_apart(grids.ids, [""] * len(grids.ids)),
            people=people,
            least=Thresholds(parameters.sliver_share, parameters.sliver_m2),
            assign_by=parameters.assign_by,
            whole=parameters.whole,
        )
        order = sorted(range(len(names)), key=lambda i: (owners[i], names[i]))
        given = {name: numbers(cells, "cells", name)[order] for name in parameters.counts}
        carried = {
            name: (count, carry(walk, count, parameters.carry, whole=parameters.whole)) for name, count in given.items()
        }
        rows = relation_rows(walk)
        classes = [row["class"] for row in rows]
        table = (
            {"type": "FeatureCollection", "features": relation_features(walk, rows, plane)}
            if parameters.geometry
            else {"relations": rows}
        )
        return table | {
            "crs": plane.crs,
            "thresholds": {"share": parameters.sliver_share, "area_m2": parameters.sliver_m2},
            "classes": {name: classes.count(name) for name in CLASSES},
            "assignment": assignment_rows(walk),
            "conflicts": conflict_rows(walk, conflicts(walk, by_people=parameters.assign_by == "people")),
            "totals": totals(walk, carried),
            "losses": loss_rows(walk),
            "mended": [
                {"id": found.ids[0], "message": message(found, "zh"), "message_en": message(found, "en")}
                for found in in_degrees(walk.mended, plane)
            ],
        }


def _areas(cur: Cursor, source: Source, field: str, wanted: set[str], types: tuple[str, ...] | None = None) -> Areas:
    if isinstance(source, dict):
        return read_features(source, field, wanted)
    return read_areas(cur, source, wanted, field=field, **({"types": types} if types else {}))


def _owners(cells: Areas, parameters: CrosswalkParameters) -> list[str]:
    """Department of each cell; where none is stated, the layer's name or the word cells."""
    nobody = parameters.cells if isinstance(parameters.cells, str) else "cells"
    stated = cells.columns.get(parameters.department) or [None] * len(cells.ids)
    return [nobody if name in (None, "") else str(name) for name in stated]


def _plane(metric_srid: int | None, grids: Areas, cells: Areas) -> Plane:
    """The city's metric CRS for its own grids; for others the one that fits their place."""
    bounds = shapely.bounds(np.concatenate((grids.geometries, cells.geometries)))
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if metric_srid is not None or not len(bounds):
        return Plane(f"EPSG:{metric_srid or 4549}")
    west, south = bounds[:, :2].min(axis=0)
    east, north = bounds[:, 2:].max(axis=0)
    return plane_of((float(west), float(south), float(east), float(north)))
