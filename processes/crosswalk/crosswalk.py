"""Process crosswalk: how department cells map to grids (many grids into one)."""

from __future__ import annotations

from typing import Any, ClassVar

from geo.crosswalk.carry import carry
from geo.crosswalk.conflicts import conflicts
from geo.crosswalk.crosswalk import Crosswalk, crosswalk
from geo.crosswalk.people import People
from geo.crosswalk.relations import CLASSES, Thresholds
from geo.errors import Forbidden, NeedsKey
from layers.checking.check import in_degrees
from layers.checking.finding_text import message
from layers.crosswalk import LEAST_ROLE, Place, keep_crosswalk, kept_rows
from layers.database.database import bound
from layers.identity import current
from layers.text import Text
from processes.base import Parameters, Process
from processes.crosswalk.parameters import CrosswalkParameters
from processes.crosswalk.sources import Sources, townships_of
from processes.crosswalk.tables import (
    assignment_rows,
    conflict_rows,
    loss_rows,
    relation_features,
    relation_rows,
    totals,
)
from processes.features.area_features import numbers, told_apart


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
        if parameters.store and not current().reaches(LEAST_ROLE):
            refusal = NeedsKey if current().role == "public" else Forbidden
            raise refusal("crosswalk.role", role=LEAST_ROLE)
        sources = parameters.read()
        cells, owners, grids, plane = sources.cells, sources.owners, sources.grids, sources.plane
        names = told_apart(cells.ids, owners)
        people = None
        if (blocks := sources.blocks) is not None:
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
        stored = {"stored": _keep(walk, sources, names)} if parameters.store else {}
        rows = relation_rows(walk)
        classes = [row["class"] for row in rows]
        table = (
            {"type": "FeatureCollection", "features": relation_features(walk, rows, plane)}
            if parameters.geometry
            else {"relations": rows}
        )
        return (
            table
            | stored
            | {
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
        )


def _keep(walk: Crosswalk, sources: Sources, names: list[str]) -> int:
    """Put the relations into the layer; how many there are."""
    cells = {
        (owner, name): Place(shape, township)
        for owner, name, shape, township in zip(
            sources.owners, names, sources.cells.geometries, townships_of(sources.cells), strict=True
        )
    }
    grids = {
        name: Place(shape, township)
        for name, shape, township in zip(
            told_apart(sources.grids.ids, [""] * len(sources.grids.ids)), sources.grids.geometries,
            townships_of(sources.grids), strict=True,
        )
    }  # fmt: skip
    with bound().transaction() as cur:
        return keep_crosswalk(cur, kept_rows(walk, cells, grids, sources.plane))
