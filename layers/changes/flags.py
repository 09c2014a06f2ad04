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

# Findings on the ground that some edits have, or had before: those edits of the set that each of them names.
_ON_GROUND: Final = """
    select array(select other.id from wangge.edited_grids as other
        where other.change_set = findings.change_set and other.id = any(findings.ids))
    from wangge.findings where findings.change_set = %s and exists (
        select from wangge.edited_grids as written left join wangge.grids as base on base.fid = written.base_fid
        where written.change_set = findings.change_set and written.id = any(%s)
            and (findings.geom && written.geom or findings.geom && base.geom))
"""
_THERE: Final = "select count(*) from wangge.edited_grids where change_set = %s and id = any(%s)"

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
    if ids is not None:
        ids = _concerned(cur, change_set, set(ids))
    ground = read_ground(cur, change_set, ids)
    found = []
    if ground.edits:
        shapes = [edit.geometry for edit in ground.edits if edit.stays]
        found = [one for one in check_edits(cur, ground, shapes, ground.near) if not mended_by_noding(one)]
    keep(cur, change_set, ids, found, ground)
    return found


def _concerned(cur: Cursor, change_set: int, ids: set[str]) -> list[str] | None:
    """Edits that are to be checked when some were written; None for all.

    What was wrong with other edits may be mended by one that is written on the same ground. All are looked at where a
    finding on that ground names no edit, as a gap does that lies among grids which stay, and where a new grid was
    deleted: it leaves no row, and what it filled is open again.
    """
    execute(cur, _THERE, (change_set, list(ids)))
    ((there,),) = cur.fetchall()
    execute(cur, _ON_GROUND, (change_set, list(ids)))
    named = [set(names) for (names,) in cur.fetchall()]
    if there < len(ids) or not all(named):
        return None
    return sorted(ids.union(*named))


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
