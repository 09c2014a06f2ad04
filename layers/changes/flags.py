"""What is wrong with edits, said the moment they are made: findings of a set, beside those of published layers."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Final

from psycopg2.extensions import cursor as Cursor

from geo.finding import Finding
from layers.catalogue.changes import GRID_EDITS
from layers.changes.ground import Ground, read_ground
from layers.changes.local_check import check_edits
from layers.checking.findings import finding_row
from layers.database.database import execute

NODE_M: Final = 0.2
"""Borders that are closer than this are laid onto each other when the set is published, so that they are no fault."""

# Of some edits of a set: how many there are, whether anything is told of them, and for each finding on the ground that
# they have, or had before, those edits of the set that it names.
_BEFORE: Final = """
    with wanted (change_set, names) as (values (%s::integer, %s::text[])),
    written as (
        select edited.geom, base.geom as before
        from wanted join wangge.edited_grids as edited
            on edited.change_set = wanted.change_set and edited.id = any(names)
        left join wangge.grids as base on base.fid = edited.base_fid),
    told as (
        select findings.ids, names, exists (
            select from written where findings.geom && written.geom or findings.geom && written.before) as on_ground
        from wanted join wangge.findings on findings.change_set = wanted.change_set)
    select (select count(*) from written), exists (select from told where ids && names or on_ground),
        (select json_agg(array(
            select other.id from wanted join wangge.edited_grids as other
                on other.change_set = wanted.change_set and other.id = any(told.ids)))
        from told where on_ground)
"""
_FLAG: Final = "select wangge.flag_edits(%s, %s, %s)"


def flag(cur: Cursor, change_set: int, ids: Collection[str] | None) -> list[Finding]:
    """Check some edits among their neighbours, and keep what is found.

    Parameters
    ----------
    cur : cursor
        In the transaction of the edit.
    change_set : int
    ids : collection of str or None
        The grids that were written; None for all of the set.

    Returns
    -------
    list of Finding
        Without what publishing mends by itself.
    """
    told = True
    if ids is not None:
        ids, told = _concerned(cur, change_set, set(ids))
    ground = read_ground(cur, change_set, ids)
    found = []
    if ground.edits:
        shapes = [edit.geometry for edit in ground.edits if edit.stays]
        found = [one for one in check_edits(cur, ground, shapes, ground.near) if not mended_by_noding(one)]
    if found or told:
        keep(cur, change_set, ids, found, ground)
    return found


def _concerned(cur: Cursor, change_set: int, ids: set[str]) -> tuple[list[str] | None, bool]:
    """Edits that are to be checked when some were written, None for all, and whether anything is told of them so far.

    What was wrong with other edits may be mended by one that is written on the same ground. All are looked at where a
    finding on that ground names no edit, as a gap does that lies among grids which stay, and where a new grid was
    deleted: it leaves no row, and what it filled is open again.
    """
    execute(cur, _BEFORE, (change_set, list(ids)))
    ((there, told, on_ground),) = cur.fetchall()
    named = [set(names) for names in on_ground or ()]
    if there < len(ids) or not all(named):
        return None, True
    return sorted(ids.union(*named)), told


def mended_by_noding(finding: Finding) -> bool:
    """Whether a finding is of the kind that goes away when borders are noded."""
    narrow = finding.width_m is not None and finding.width_m < NODE_M
    return finding.kind == "mismatched-edge" or (narrow and finding.kind in ("overlap", "gap", "outside-parent"))


def keep(cur: Cursor, change_set: int, ids: Collection[str] | None, found: Sequence[Finding], ground: Ground) -> None:
    """Make the findings of a set about some of its grids, or with None all of them, those that are handed in."""
    villages = {edit.id: edit.values["village_code"] for edit in ground.edits}
    villages |= dict(zip(ground.near_ids, ground.near_villages, strict=True))
    townships = {id_: village[:9] for id_, village in villages.items() if village}
    # two sets can have the same fault
    layer = f"{GRID_EDITS.id}-{change_set}"
    rows = {row["id"]: row for row in (finding_row(layer, one, townships) for one in found)}
    execute(cur, _FLAG, (change_set, None if ids is None else list(ids), json.dumps(list(rows.values()))))
