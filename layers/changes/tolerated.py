"""Which findings stand against publishing: errors that nobody accepted, and that were not there before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from psycopg2.extensions import cursor as Cursor

from geo.finding import Finding
from layers.catalogue.changes import GRID_EDITS
from layers.changes.ground import Edit, Ground
from layers.changes.local_check import check_edits
from layers.checking.findings import stored_id

_GROWN: Final = 1.1
_CRUMB_M2: Final = 0.01
_ACCEPTED = "select id from wangge.findings where change_set = %s and state = 'accepted'"


def tolerated(cur: Cursor, ground: Ground, change_set: int, found: Sequence[Finding]) -> list[Finding]:
    """Errors among the findings of a set that keep it from being published.

    One that was accepted does not, and neither does one that the published grids have already, of the same kind between
    the same grids and not larger by a tenth: a set need not mend what it did not break, but must not make it worse.

    Parameters
    ----------
    cur : cursor
    ground : Ground
        As it was checked.
    change_set : int
    found : sequence of Finding
    """
    errors = [one for one in found if one.severity == "error"]
    if not errors:
        return []
    cur.execute(_ACCEPTED, (change_set,))
    accepted = {id_ for (id_,) in cur.fetchall()}
    layer = f"{GRID_EDITS.id}-{change_set}"
    errors = [one for one in errors if stored_id(layer, one) not in accepted]
    if not errors:
        return []
    before: dict[tuple[str, tuple[str, ...]], float] = {}
    for one in _published(cur, ground):
        key = (one.kind, one.ids)
        before[key] = max(before.get(key, 0.0), one.area_m2 or 0.0)

    def known(one: Finding) -> bool:
        area = before.get((one.kind, one.ids))
        return area is not None and (one.area_m2 or 0.0) <= max(area * _GROWN, area + _CRUMB_M2)

    return [one for one in errors if not known(one)]


def _published(cur: Cursor, ground: Ground) -> list[Finding]:
    """Findings of the same ground as it is published."""
    edits: list[Edit] = [
        replace(edit, op="update", values=edit.base_values, geometry=edit.base_geometry)
        for edit in ground.edits
        if edit.base_geometry is not None
    ]
    then = replace(ground, edits=edits)
    return check_edits(cur, then, [edit.geometry for edit in edits], ground.near)
