"""The layer of hot spots: the latest run is what a map shows, and those before it are there by their day."""

from __future__ import annotations

import json

import shapely
from psycopg2.extensions import cursor as Cursor

from geo.errors import Forbidden, NeedsKey
from layers.hotspots.rows import rows
from layers.hotspots.run import Found, days_of
from layers.identity import current

LEAST_ROLE = "editor"
"""Who may change what everybody's map shows."""

_STORE = "select wangge.store_hot_spots(%s::jsonb, %s::jsonb)"


def require_writer() -> None:
    """NeedsKey or Forbidden when the current identity may not store a run.

    Staff of one township would put a map of it in the place of the city's.
    """
    identity = current()
    if not identity.reaches(LEAST_ROLE) or identity.township is not None:
        refusal = NeedsKey if identity.role == "public" else Forbidden
        raise refusal("hotspots.role", role=LEAST_ROLE)


def store(cur: Cursor, found: Found) -> int:
    """Make a run the one that the layer shows.

    Parameters
    ----------
    cur : cursor
        Of the service or of the owner.
    found : Found

    Returns
    -------
    int
        Number of the run.
    """
    search = found.search
    first, last = days_of(search.bounds)
    whole = {
        "unit": search.unit,
        "types": list(search.cases.types),
        "channels": list(search.cases.channels),
        "value": search.value,
        "period_from": first.isoformat(),
        "period_to": last.isoformat(),
        "steps": len(search.bounds) - 1,
    }
    shapes = shapely.to_wkb(found.places.geometries, hex=True)
    places = [{**row, "geom": shape} for row, shape in zip(rows(found), shapes.tolist(), strict=True)]
    cur.execute(_STORE, (json.dumps(whole), json.dumps(places)))
    ((run,),) = cur.fetchall()
    return int(run)
