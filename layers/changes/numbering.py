"""Codes of the grids of a set that is published: kept where the ground stays, the next of the village where not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from psycopg2.extensions import cursor as Cursor
from shapely.geometry.base import BaseGeometry

from geo.codes.code import code_of
from geo.codes.numbering import assign_serials
from geo.codes.schemes import scheme_of
from geo.crs import metric_srid
from layers.changes.ground import Edit
from layers.checking.issue_codes import lock_villages, require_villages, used_serials


def new_codes(
    cur: Cursor,
    staying: Sequence[Edit],
    shapes: Sequence[BaseGeometry],
    kept: Mapping[str, str],
    scheme: str,
    srid: int | None,
) -> dict[str, str]:
    """Code of every edited grid by its id in the working copy.

    Parameters
    ----------
    cur : cursor
        Its villages stay locked until the transaction ends, so no other connection is given the same codes.
    staying : sequence of Edit
    shapes : sequence of shapely geometries
        Of each, EPSG:4490.
    kept : mapping of str to str
        Codes that stay, by id.
    scheme : str
        Id of the city's coding scheme.
    srid : int or None
        EPSG code of the city's metric CRS.

    Raises
    ------
    InvalidInput
        When a village is unknown, or has no serial left.
    """
    fresh = [place for place, edit in enumerate(staying) if edit.id not in kept]
    codes = dict(kept)
    if not fresh:
        return codes
    rules = scheme_of(scheme)
    villages = [str(staying[place].values["village_code"]) for place in fresh]
    kinds = [str(staying[place].values["kind"]) for place in fresh]
    require_villages(cur, villages)
    lock_villages(cur, villages)
    geometries = np.empty(len(fresh), dtype=object)
    geometries[:] = [shapes[place] for place in fresh]
    serials = assign_serials(
        geometries,
        villages,
        kinds,
        rules,
        metric_srid=srid or metric_srid(float(geometries[0].centroid.x)),
        used=used_serials(cur, villages),
    )
    for place, village, kind, serial in zip(fresh, villages, kinds, serials.tolist(), strict=True):
        codes[staying[place].id] = code_of(village, kind, int(serial), rules)
    return codes
