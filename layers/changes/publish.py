"""Publishing a change set: noded, checked where it is, coded, and committed whole with its lineage, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import shapely
from psycopg2.extensions import cursor as Cursor
from shapely.geometry.base import BaseGeometry

from geo.changes.lineage import Lineage, derive_lineage
from geo.codes.schemes import DEFAULT_SCHEME
from geo.errors import Conflict, InvalidInput, Unsound
from geo.finding import Finding
from layers.changes.change_sets import open_aside
from layers.changes.edited_divisions import edits_divisions, keep_divisions, publish_divisions, require_current
from layers.changes.flags import keep
from layers.changes.ground import COLUMNS, Edit, Ground, read_ground
from layers.changes.lineage_rows import lineage_rows
from layers.changes.local_check import check_edits
from layers.changes.noded import NodedMove, node_ground
from layers.changes.numbering import new_codes
from layers.changes.refusals import worded
from layers.changes.tolerated import tolerated
from layers.database.database import Database
from layers.loading.personal_data import masked, personal_data

KEEP_SHARE: Final = 0.9
"""A grid keeps its code when this share of its ground stays, both of what it was and of what it is."""

_BEGIN = "select wangge.begin_publication(%s)"
_COMMIT = "select wangge.commit_publication(%s, %s, %s, %s, %s, %s, %s)"


@dataclass(frozen=True, eq=False)
class Publication:
    """What came of publishing a set.

    Attributes
    ----------
    change_set : int
    number : int or None
        Of the publication; None when the set stays open.
    findings : list of Finding
        What was found about the edits, geometries in EPSG:4490, errors first.
    blocking : list of Finding
        Those that stand against publishing.
    moves : list of NodedMove
        Borders that were laid onto their neighbours'.
    codes : dict of str to str
        Code of each grid that was edited, by its id in the working copy.
    lineage : Lineage or None
        By the codes before and the ids in the working copy.
    edited : int
        How many grids the set edits.
    """

    change_set: int
    number: int | None
    findings: list[Finding] = field(default_factory=list)
    blocking: list[Finding] = field(default_factory=list)
    moves: list[NodedMove] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)
    lineage: Lineage | None = None
    edited: int = 0


def publish(
    database: Database,
    change_set: int,
    *,
    keep_share: float = KEEP_SHARE,
    day: date | None = None,
    dry_run: bool = False,
) -> Publication:
    """Publish a set of the current identity in one transaction.

    Parameters
    ----------
    database : Database
        As the service.
    change_set : int
        The identity's own, or for an administrator anybody's.
    keep_share : float
        As of `geo.changes.lineage.derive_lineage`.
    day : date, optional
        First day of the new map; the database's today when None.
    dry_run : bool
        Say what would come of it, and change nothing.

    Returns
    -------
    Publication
        Without a number where findings stand against it: then the set stays open, and its findings are kept.

    Raises
    ------
    Conflict
        When others have published grids of the set meanwhile; it names them. When the set is not open.
    InvalidInput, NotFound, NeedsKey, Forbidden
        When nothing is edited; when there is no such set or it is not the asker's.
    """
    with worded(change_set), database.transaction() as cur:
        return publish_within(cur, change_set, keep_share=keep_share, day=day, dry_run=dry_run)


def write_and_publish(database: Database, title: str, write: Callable[[Cursor], object]) -> Publication:
    """Write in a set of its own and publish that, in one transaction: all of it or nothing.

    Parameters
    ----------
    database : Database
        As the service.
    title : str
        Of the set.
    write : callable
        Writes the working copy.

    Raises
    ------
    Unsound
        With the findings, when they stand against it.
    """
    with worded(), database.transaction() as cur:
        number = open_aside(cur, title)
        write(cur)
        done = publish_within(cur, number)
        if done.number is None:
            raise Unsound("publish.unsound", done.blocking, done.edited, count=len(done.blocking))
        return done


def publish_within(
    cur: Cursor, change_set: int, *, keep_share: float = KEEP_SHARE, day: date | None = None, dry_run: bool = False
) -> Publication:
    """`publish` inside the caller's transaction, whose identity may publish the set."""
    cur.execute("select set_config('wangge.change_set', %s, true)", (str(change_set),))
    cur.execute(_BEGIN, (change_set,))
    ((stale,),) = cur.fetchall()
    if stale:
        raise Conflict("publish.stale", change_set=change_set, ids=", ".join(stale[:20]), count=len(stale))
    require_current(cur, change_set)
    ground = read_ground(cur, change_set)
    # a township may get another name and keep all its grids
    if not ground.edits and not edits_divisions(cur, change_set):
        raise InvalidInput("publish.nothing", change_set=change_set)
    _refuse_personal(ground.edits)
    noded = node_ground(ground)
    found = check_edits(cur, ground, noded.shapes, noded.near)
    blocking = tolerated(cur, ground, change_set, found)
    if blocking or dry_run:
        if not dry_run:
            keep(cur, change_set, None, found, ground)
        return Publication(change_set, None, found, blocking, noded.moves, edited=len(ground.edits))
    staying = [edit for edit in ground.edits if edit.stays]
    lineage = _lineage(ground.edits, staying, noded.shapes, keep_share, ground)
    # codes are given out in villages that there are
    divided = publish_divisions(cur, change_set, day)
    codes = new_codes(cur, staying, noded.shapes, lineage.kept, ground.scheme or DEFAULT_SCHEME.id, ground.metric_srid)
    values = (
        change_set,
        day,
        [edit.base_fid for edit in ground.edits if edit.base_fid is not None],
        json.dumps([_row(edit, codes[edit.id], shape) for edit, shape in zip(staying, noded.shapes, strict=True)]),
        json.dumps([{"fid": fid, "shape": _hex(shape)} for fid, shape in noded.changed_near(ground)]),
        json.dumps(lineage_rows(ground.edits, noded.shapes, lineage, codes)),
        json.dumps([move.document() for move in noded.moves]),
    )
    cur.execute(_COMMIT, values)
    ((number,),) = cur.fetchall()
    if divided:
        keep_divisions(cur, change_set, number)
    return Publication(change_set, number, found, [], noded.moves, codes, lineage, len(ground.edits))


def _refuse_personal(edits: Sequence[Edit]) -> None:
    """What the service refuses to take may have been written in the database itself: it is not published."""
    for edit in edits:
        for name, value in edit.values.items():
            # codes of villages are digits by their nature, and can't be anything else
            if edit.stays and name != "village_code" and isinstance(value, str) and personal_data(value):
                raise InvalidInput("publish.personal", id=edit.id, property=name, value=masked(value)[:40])


def _lineage(
    edits: Sequence[Edit], staying: Sequence[Edit], shapes: Sequence[BaseGeometry], keep_share: float, ground: Ground
) -> Lineage:
    before = [edit for edit in edits if edit.base_geometry is not None]
    return derive_lineage(
        [str(edit.base_code) for edit in before],
        [edit.base_geometry for edit in before if edit.base_geometry is not None],
        [edit.id for edit in staying],
        list(shapes),
        plane=ground.plane,
        keep_share=keep_share,
        before_kinds=[edit.base_values["kind"] for edit in before],
        after_kinds=[edit.values["kind"] for edit in staying],
        before_homes=[edit.base_values["village_code"] for edit in before],
        after_homes=[edit.values["village_code"] for edit in staying],
    )


def _row(edit: Edit, code: str, shape: BaseGeometry) -> dict[str, Any]:
    return {"code": code, **{name: edit.values[name] for name in COLUMNS}, "shape": _hex(shape)}


def _hex(shape: BaseGeometry) -> str:
    whole = shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape])
    written: str = shapely.to_wkb(whole, hex=True, output_dimension=2)
    return written
