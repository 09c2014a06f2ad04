"""Taking cases in: checked as a whole, merged with those that are there, counted in the same transaction."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
import psycopg2
import shapely
from psycopg2.extensions import cursor as Cursor

from geo.crs import STORED_SRID
from geo.errors import Conflict, Forbidden, InvalidInput
from geo.heat.cells import HEAT_RESOLUTIONS, cell_polygons, parents
from layers.catalogue.cases import CASES
from layers.database.database import Database
from layers.database.versions import Versions
from layers.identity import PUBLIC
from layers.intake.sent_cases import make_cases
from layers.loading.reference import Reference
from layers.loading.rejects import reject
from layers.loading.rows import Found, Rows

_TRIES: Final = 3
_STANDS_ON: Final = ("divisions", "grids")
_SHOWN: Final = 100
"""Reasons that an answer lists at the most."""


@dataclass(frozen=True)
class Taken:
    """What became of the cases of a request.

    Attributes
    ----------
    cases : list of (str, str)
        Number of each case and ``new``, ``changed``, ``same`` (it was there already) or ``older`` (what is there is
        later, and stays), in the order of the request; of a number that comes twice only the later one.
    stripped : list of str
        Names of fields that were left out.
    """

    cases: list[tuple[str, str]]
    stripped: list[str]


class Intake:
    """Takes cases into one database.

    Parameters
    ----------
    database : Database
        Logged in as the service; who asks says what may be written where.
    versions : Versions
        Tells when what cases are held against has changed.
    """

    def __init__(self, database: Database, versions: Versions) -> None:
        self._database = database
        self._versions = versions
        self._reference: tuple[tuple[int | None, ...], Reference] | None = None
        self._lock = threading.Lock()

    def take(self, features: Sequence[dict[str, Any]], crs: str, *, strip: bool = False) -> Taken:
        """Take all of the cases or none.

        Parameters
        ----------
        features : sequence of dict
            GeoJSON features.
        crs : str
            URI of the CRS of their points.
        strip : bool
            Leave out fields that cases don't have; else they are a reason against their case.

        Raises
        ------
        InvalidInput
            With every reason against every case, by its position.
        Forbidden
            When a case lies in a township that is not the asker's.
        Conflict
            When a step of a case is not allowed, or others keep writing the same cases.
        """
        rows, stripped = make_cases(features, crs, self._held_against(), strip=strip)
        if rows.problems:
            raise _refused(rows.problems)
        for _ in range(_TRIES):
            try:
                with self._database.transaction() as cur:
                    return Taken(_write(cur, rows), stripped)
            except psycopg2.errors.UniqueViolation:
                continue  # another has just written the same number: now it is there, and is merged with
            except psycopg2.errors.InsufficientPrivilege as error:
                raise Forbidden("intake.township", position=int(error.diag.message_detail or 0) + 1) from error
        raise Conflict("database.busy")

    def _held_against(self) -> Reference:
        """Divisions, grids and types, read again when one of them changes."""
        now = tuple(self._versions.of(layer) for layer in _STANDS_ON)
        with self._lock:
            known = self._reference
            if known is None or None in now or known[0] != now:
                # what cases are held against is everybody's
                with self._database.transaction(PUBLIC) as cur:
                    known = self._reference = (now, Reference.read(cur).complete())
            return known[1]


def _write(cur: Cursor, rows: Rows) -> list[tuple[str, str]]:
    x, y = shapely.get_x(rows.geometries), shapely.get_y(rows.geometries)
    names = [*CASES.names, "cell"]
    sent = [
        dict(zip(names, row, strict=True)) | {"row_number": at, "lon": lon, "lat": lat}
        for at, (lon, lat, *row) in enumerate(zip(x, y, *(rows.values[name] for name in names), strict=True))
    ]
    cur.execute(
        "select row_number, case_no, outcome, from_state from wangge.take_cases(%s::jsonb, %s::jsonb)",
        (orjson.dumps(sent, option=orjson.OPT_SERIALIZE_NUMPY).decode(), _outlines(cur, rows.values["cell"])),
    )
    found = sorted(cur.fetchall())
    for _, case_no, outcome, from_state in found:
        if outcome == "step":
            raise Conflict("intake.step", case=case_no, from_state=from_state)
    return [(case_no, outcome) for _, case_no, outcome, _ in found]


def _outlines(cur: Cursor, cells: list[int]) -> str:
    """Outlines of those cells and parents that the database doesn't know yet, as JSON."""
    family = np.unique([parents(cells, resolution) for resolution in HEAT_RESOLUTIONS])
    cur.execute(
        "select cell from unnest(%s::bigint[]) as wanted (cell)"
        " where not exists (select from wangge.h3_cells as known where known.cell = wanted.cell)",
        (family.tolist(),),
    )
    missing = [cell for (cell,) in cur.fetchall()]
    shapes = shapely.set_srid(cell_polygons(missing), STORED_SRID) if missing else []
    written = shapely.to_wkb(shapes, hex=True, include_srid=True) if missing else []
    return orjson.dumps(
        [{"cell": cell, "outline": outline} for cell, outline in zip(missing, written, strict=True)]
    ).decode()


def _refused(problems: list[Found]) -> InvalidInput:
    """Every reason, the first of them in the sentence as well; a value that may be personal is not repeated."""
    listed = sorted(problems, key=lambda found: found[:2])
    told = [(at, reject(at, name, value, problem)) for at, name, value, problem in listed[:_SHOWN]]
    return InvalidInput(
        "intake.refused",
        count=len({at for at, *_ in listed}),
        position=listed[0][0] + 1,
        field=listed[0][1],
        reasons=[(at, one.field, one.value, one.key, one.values) for at, one in told],
    )
