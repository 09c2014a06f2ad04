"""Lineage as rows of its layer: codes in the place of names, and the ground that each link is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.changes.lineage import Lineage, Link
from geo.coverage.soundness import polygonal
from layers.changes.ground import Edit


def lineage_rows(
    edits: Sequence[Edit], shapes: Sequence[BaseGeometry], lineage: Lineage, codes: Mapping[str, str]
) -> list[dict[str, Any]]:
    """A row a link. A grid whose ground stays whole and keeps its code has none: nothing became of it.

    Parameters
    ----------
    edits : sequence of Edit
    shapes : sequence of shapely geometries
        Of those that stay, EPSG:4490.
    lineage : Lineage
        By codes before and ids in the working copy.
    codes : mapping of str to str
        Code by id in the working copy.
    """
    before = {str(edit.base_code): edit for edit in edits if edit.base_code is not None}
    after = dict(zip([edit.id for edit in edits if edit.stays], shapes, strict=True))
    homes = {edit.id: str(edit.values["village_code"]) for edit in edits}
    rows = []
    for link in lineage.links:
        if link.operation == "keep" and link.share_of_before == link.share_of_after == 1:
            continue
        rows.append(
            {
                "operation": link.operation,
                "before_code": link.before,
                "after_code": None if link.after is None else codes[link.after],
                "share_of_before": link.share_of_before,
                "share_of_after": link.share_of_after,
                "area_m2": link.area_m2,
                "before_village": None if link.before is None else before[link.before].base_values["village_code"],
                "after_village": None if link.after is None else homes[link.after],
                "shape": shapely.to_wkb(_ground(link, before, after), hex=True, output_dimension=2),
            }
        )
    return rows


def _ground(link: Link, before: Mapping[str, Edit], after: Mapping[str, BaseGeometry]) -> BaseGeometry:
    """The ground of a link; where rounding leaves none, that of the grid itself."""
    was = None if link.before is None else before[link.before].base_geometry
    now = None if link.after is None else after[link.after]
    if was is not None and now is not None:
        common = shapely.intersection(was, now)
    elif now is not None:
        others = [edit.base_geometry for edit in before.values() if edit.base_geometry is not None]
        common = shapely.difference(now, shapely.union_all(others))
    else:
        common = shapely.difference(was, shapely.union_all(list(after.values())))
    (ground,) = polygonal(np.array([common], dtype=object))
    if ground.is_empty or not ground.is_valid:
        ground = now if now is not None else was
    return ground if ground.geom_type == "MultiPolygon" else shapely.MultiPolygon([ground])
