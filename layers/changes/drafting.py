"""Edits that a process makes in a change set, all of them or none, or only to see what would come of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import shapely
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor
from shapely.geometry.base import BaseGeometry

from geo.errors import NotFound
from geo.finding import Finding
from geo.measuring import Plane, plane_of
from layers.catalogue.changes import GRID_EDITS
from layers.changes.change_sets import require_editor
from layers.changes.edits import create, delete, lock_set, patch
from layers.changes.flags import flag
from layers.changes.ground import COLUMNS
from layers.changes.refusals import worded
from layers.changes.sent_feature import SentFeature
from layers.database.database import Database
from layers.identity import acting, current

_SELECT: Final = "select id, {columns}, st_asbinary(geom) from wangge.grid_edits where {where} order by id"
_METRIC_SRID: Final = "select metric_srid from wangge.city"
_DECIMALS: Final = 10


@dataclass(frozen=True, eq=False)
class WorkingGrid:
    """A grid of the working copy: its id, what people write of it, and its shape in EPSG:4490."""

    id: str
    values: dict[str, Any]
    geometry: BaseGeometry


@dataclass
class Draft:
    """Edits of one change set that are being made.

    Attributes
    ----------
    cur : cursor
    change_set : int
        Number of the set; where it was opened for a dry run, of one that is gone afterwards.
    plane : Plane
        Where metres are measured.
    ids : list of str
        Grids that were written, in their order.
    findings : list of Finding
        What is wrong with them among their neighbours, known once all are made.
    """

    cur: Cursor
    change_set: int
    plane: Plane
    ids: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def grid(self, id_: str) -> WorkingGrid:
        """A grid of the working copy; NotFound where there is none."""
        found = self._grids("id = %s", id_) if "\x00" not in id_ else []
        if not found:
            raise NotFound("query.no-feature", id=id_[:100].replace("\x00", " "), layer=GRID_EDITS.id)
        return found[0]

    def neighbours(self, grid: WorkingGrid, kind: str) -> list[WorkingGrid]:
        """Grids of a kind in the same village that meet a grid."""
        shape = memoryview(shapely.to_wkb(grid.geometry))
        return self._grids(
            "id <> %s and kind = %s and village_code = %s and geom && st_expand(st_geomfromwkb(%s, 4490), 1e-9)",
            grid.id, kind, grid.values["village_code"], shape,
        )  # fmt: skip

    def of_villages(self, village_codes: Sequence[str]) -> list[WorkingGrid]:
        """All grids of some villages."""
        return self._grids("village_code = any(%s)", list(village_codes))

    def create(self, values: Mapping[str, Any], geometry: BaseGeometry) -> str:
        """Add a grid; its id in the working copy."""
        written = create(self.cur, SentFeature(None, dict(values), _stored(geometry), True))
        self.ids.append(written.id)
        return written.id

    def patch(self, id_: str, values: Mapping[str, Any], geometry: BaseGeometry | None = None) -> None:
        """Change what is named of a grid."""
        shape = None if geometry is None else _stored(geometry)
        patch(self.cur, id_, SentFeature(id_, dict(values), shape, shape is not None))
        self.ids.append(id_)

    def delete(self, id_: str) -> None:
        """Take a grid away."""
        delete(self.cur, id_)
        self.ids.append(id_)

    def _grids(self, where: str, *values: object) -> list[WorkingGrid]:
        columns = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
        self.cur.execute(sql.SQL(_SELECT).format(columns=columns, where=sql.SQL(where)), values)
        return [
            WorkingGrid(id_, dict(zip(COLUMNS, row, strict=True)), shapely.from_wkb(bytes(shape)))
            for id_, *row, shape in self.cur.fetchall()
        ]


@contextmanager
def drafting(database: Database, change_set: int | None, *, dry_run: bool = False) -> Iterator[Draft]:
    """Edit a change set in one transaction; findings are kept beside the edits.

    Parameters
    ----------
    database : Database
    change_set : int or None
        The set; None for the current one of the asker, which is opened where there is none.
    dry_run : bool
        Take everything back at the end; what the draft tells stays.

    Raises
    ------
    NeedsKey, Forbidden, NotFound, Conflict
        When the asker is no editor, or the set is not there, not his, or not open.
    """
    require_editor()
    asker = current() if change_set is None else replace(current(), change_set=change_set)
    with acting(asker), worded(change_set), database.transaction() as cur:
        cur.execute("savepoint before_draft")
        draft = Draft(cur, lock_set(cur), _plane(cur))
        yield draft
        draft.findings = flag(cur, draft.change_set, draft.ids) if draft.ids else []
        if dry_run:
            cur.execute("rollback to savepoint before_draft")


def _plane(cur: Cursor) -> Plane:
    cur.execute(_METRIC_SRID)
    row = cur.fetchone()
    return Plane(f"EPSG:{row[0]}") if row else plane_of((119.9, 31.9, 120.4, 32.4))


def _stored(geometry: BaseGeometry) -> shapely.MultiPolygon:
    """A polygon as the working copy holds it: in parts, degrees rounded as those that clients send."""
    shape = shapely.transform(geometry, lambda points: np.round(points, _DECIMALS))
    return shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape])
