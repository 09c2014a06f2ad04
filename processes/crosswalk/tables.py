"""A crosswalk as tables of JSON rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crosswalk.balance import area_balance, losses, people_balance
from geo.crosswalk.carry import Carried
from geo.crosswalk.conflicts import Conflict
from geo.crosswalk.crosswalk import NOWHERE, Crosswalk
from geo.measuring import Plane
from layers.text import LANGUAGES
from layers.texts import say

Row = dict[str, Any]


def relation_rows(walk: Crosswalk) -> list[Row]:
    """A row a relation, then one for each cell, and each grid of a department, that has none but slivers."""
    relations = walk.relations
    columns: dict[str, list[Any]] = {
        "cell": [walk.cell_ids[i] for i in relations.cell.tolist()],
        "department": [walk.departments[i] for i in walk.department[relations.cell].tolist()],
        "grid": [walk.grid_ids[i] for i in relations.grid.tolist()],
        "class": relations.kind.tolist(),
        "group": relations.group.tolist(),
        "area_m2": relations.area_m2.tolist(),
        "cell_share": relations.cell_share.tolist(),
        "grid_share": relations.grid_share.tolist(),
    }
    if walk.spread is not None:
        columns["people"] = walk.spread.relation.tolist()
        columns["cell_people_share"] = _listed(relations.cell_people_share)
        columns["grid_people_share"] = _listed(relations.grid_people_share)
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    nothing = dict.fromkeys(columns, 0) | {"class": "orphan"}
    for cell in walk.orphan_cells.tolist():
        own = {"cell": walk.cell_ids[cell], "department": walk.departments[walk.department[cell]], "grid": None}
        rows.append(nothing | own)
    for one, grid in zip(*(part.tolist() for part in walk.orphan_grids), strict=True):
        rows.append(nothing | {"cell": None, "department": walk.departments[one], "grid": walk.grid_ids[grid]})
    return rows


def relation_features(walk: Crosswalk, rows: list[Row], plane: Plane) -> list[Row]:
    """The rows as GeoJSON features in longitude and latitude; an orphan has no geometry."""
    shapes = [json.loads(text) for text in shapely.to_geojson(plane.degrees(walk.relations.shape)).tolist()]
    shapes += [None] * (len(rows) - len(shapes))
    return [
        {"type": "Feature", "id": number, "geometry": shape, "properties": row}
        for number, (row, shape) in enumerate(zip(rows, shapes, strict=True), 1)
    ]


def assignment_rows(walk: Crosswalk) -> list[Row]:
    """A row a cell: its proposed grid, null where there is none, and the share that speaks for it."""
    return [
        {
            "cell": name,
            "department": walk.departments[walk.department[i]],
            "grid": None if walk.assignment[i] == NOWHERE else walk.grid_ids[walk.assignment[i]],
            "share": float(walk.assigned_share[i]),
            "by": "people" if walk.by_people[i] else "area",
        }
        for i, name in enumerate(walk.cell_ids)
    ]


def conflict_rows(walk: Crosswalk, found: list[Conflict]) -> list[Row]:
    """A row a grid with several cells of one department."""
    relations = walk.relations
    rows = []
    for conflict in found:
        cells = [walk.cell_ids[relations.cell[row]] for row in conflict.relations]
        row = {
            "grid": walk.grid_ids[conflict.grid],
            "department": walk.departments[conflict.department],
            "cells": cells,
            "grid_shares": [float(relations.grid_share[row]) for row in conflict.relations],
            "proposed": walk.cell_ids[conflict.proposed],
        }
        rows.append(row | _messages("crosswalk.conflict", **(row | {"cells": ", ".join(cells)})))
    return rows


def loss_rows(walk: Crosswalk) -> list[Row]:
    """A row a loss, with its sentence."""
    rows = []
    for loss in losses(walk):
        row: Row = {
            "kind": loss.kind,
            "department": walk.departments[loss.department],
            "cell": None if loss.cell < 0 else walk.cell_ids[loss.cell],
            "grid": None if loss.grid < 0 else walk.grid_ids[loss.grid],
            "area_m2": loss.area_m2,
            "share": loss.share,
        }
        if loss.people is not None:
            row["people"] = loss.people
        rows.append(row | _messages(f"crosswalk.loss.{loss.kind}", **row))
    return rows


def totals(walk: Crosswalk, carried: Mapping[str, tuple[NDArray[np.float64], Carried]]) -> Row:
    """Sums by department, and by grid and department; ``carried`` holds each count of the cells and what it became."""
    relations, kept = walk.relations, walk.relations.kept
    classes = np.array(walk.department[relations.cell])
    departments = []
    for one, name in enumerate(walk.departments):
        mine = walk.department == one
        names, times = np.unique(relations.kind[classes == one], return_counts=True)
        row: Row = {
            "department": name,
            "cells": int(mine.sum()),
            "relations": dict(zip(names.tolist(), times.tolist(), strict=True)),
            "area_m2": asdict(area_balance(walk, one)),
        }
        people = people_balance(walk, one)
        if people is not None:
            row["people"] = asdict(people)
        for count, (given, became) in carried.items():
            sums = {"cells": given[mine].sum(), "grids": became.grid[one].sum(), "lost": became.lost[mine].sum()}
            row.setdefault("counts", {})[count] = {key: float(value) for key, value in sums.items()}
        departments.append(row)
    key = classes[kept] * len(walk.grid_ids) + relations.grid[kept]
    cells = np.bincount(key, minlength=walk.covered_m2.size).reshape(walk.covered_m2.shape)
    grids = []
    for grid, id_ in enumerate(walk.grid_ids):
        for one, name in enumerate(walk.departments):
            row = {
                "grid": id_,
                "department": name,
                "cells": int(cells[one, grid]),
                "area_m2": float(walk.grid_area_m2[grid]),
                "covered_m2": float(walk.covered_m2[one, grid]),
            }
            if walk.spread is not None:
                row["people"] = float(walk.spread.grid[grid])
            if carried:
                row["counts"] = {count: float(became.grid[one, grid]) for count, (_, became) in carried.items()}
            grids.append(row)
    out: Row = {"departments": departments, "grids": grids}
    if walk.spread is not None:
        placed = {"total": walk.spread.total, "grids": float(walk.spread.grid.sum()), "unplaced": walk.spread.unplaced}
        out["population"] = placed
    return out


def _messages(key: str, **values: object) -> Row:
    return {f"message{'' if language == 'zh' else '_en'}": say(key, language, **values) for language in LANGUAGES}


def _listed(shares: NDArray[np.float64] | None) -> list[float | None]:
    """Shares for JSON, which has no NaN."""
    return [] if shares is None else [None if share != share else share for share in shares.tolist()]
