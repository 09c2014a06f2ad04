"""Loading a file into a layer: all of it in one transaction, or nothing and a list of the rows that are in the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from geo.errors import Conflict, InvalidInput, NotFound, WanggeError
from layers.catalogue.catalogue import CATALOGUE
from layers.catalogue.layer import Layer
from layers.checking.issue_codes import reinstate_codes
from layers.database.database import Database
from layers.identity import ADMIN
from layers.loading.converting import Converter
from layers.loading.division_periods import begin_after_past
from layers.loading.fields import Matching, check_complete, is_field, match_columns
from layers.loading.personal_data import personal_field
from layers.loading.reading import open_source
from layers.loading.reference import Reference
from layers.loading.rejects import forget_rejects, reject, write_rejects
from layers.loading.report import LoadReport, Note, Progress, unwatched
from layers.loading.rows import make_rows
from layers.loading.rules import DERIVED, RULES, rule_of
from layers.loading.source import BATCH, Batch, Source
from layers.loading.staging import Staging, columns_of
from layers.loading.whereabouts import Whereabouts, source_crs
from layers.records.measure import measure_records

COORDINATES: Final = ("lon", "lat", "wkt")
"""What a mapping may name besides fields: the columns of a CSV file that hold the place."""

_LOCK: Final = 321_283_002
"""Advisory lock: of two loads at once the second waits, and then sees what the first has written."""

_GROUND: Final = ("divisions", "grids")
"""Layers that a publication reads while it checks."""

_COUNTED: Final = {"cases": ("case-heat",)}
"""Layers that change with a layer, and are as complete as it is."""


def load_file(
    database: Database,
    layer_id: str,
    path: Path,
    *,
    crs: str | None = None,
    mapping: Mapping[str, str] | None = None,
    encoding: str | None = None,
    dry_run: bool = False,
    replace: bool = False,
    progress: Progress | None = None,
) -> LoadReport:
    """Append a file's features to a layer, whole or not at all.

    Parameters
    ----------
    database : Database
        Of the owner of the tables.
    layer_id : str
        One of `layers.loading.rules.RULES`.
    path : Path
        Shapefile (also zipped), GeoPackage, GeoJSON, FlatGeobuf, or CSV with coordinates.
    crs : str, optional
        ``EPSG:n``, ``GCJ02`` or ``BD09``; the file's own when not given.
    mapping : mapping of str to str, optional
        Column by field, for columns whose names don't say it; ``-`` leaves a field empty whose column is no good.
        ``lon``, ``lat`` and ``wkt`` name those of a CSV file.
    encoding : str, optional
        Of the texts of a Shapefile or CSV file; found out when not given.
    dry_run : bool
        Do everything, then take it back.
    replace : bool
        Empty the layer first, in the same transaction.
    progress : callable, optional
        ``progress(stage, done, total)``, see `layers.loading.report.Progress`.

    Returns
    -------
    LoadReport
        Where ``rejected`` is not 0 nothing was loaded, and the list names every row and reason.

    Raises
    ------
    InvalidInput
        When the file as a whole can't be taken: not readable, a field missing, no CRS, in the wrong place.
    NotFound
        When files are not loaded into such a layer.
    Conflict
        When the layer may not be emptied, or another writer was faster.
    """
    if layer_id not in RULES:
        raise NotFound("load.layer", layer=layer_id, layers=", ".join(RULES))
    layer = CATALOGUE[layer_id]
    fields = dict(mapping or {})
    coordinates: dict[str, str] = {}
    if path.suffix.lower() in (".csv", ".txt"):
        coordinates = {name: fields.pop(name) for name in COORDINATES if name in fields}
    with open_source(path, encoding=encoding, prefer=(layer.id, layer.table), coordinates=coordinates) as source:
        try:
            with database.transaction(ADMIN) as cur:
                load = _Load(cur, layer, path, source, progress or unwatched)
                report = load.run(crs, fields, replace=replace, dry_run=dry_run)
        except (psycopg2.IntegrityError, psycopg2.DataError) as error:
            raise _explained(error, layer) from error
    if not report.rejected:
        forget_rejects(path)
    return report


class _Load:
    """One load inside its transaction."""

    def __init__(self, cur: Cursor, layer: Layer, path: Path, source: Source, progress: Progress) -> None:
        self._cur, self._layer, self._path, self._source, self._tell = cur, layer, path, source, progress
        self._notes: list[Note] = []

    def run(self, crs: str | None, mapping: Mapping[str, str], *, replace: bool, dry_run: bool) -> LoadReport:
        layer = self._layer
        self._cur.execute("set local work_mem to '128MB'")
        self._cur.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", (_LOCK, layer.id))
        if layer.id in _GROUND:
            # as a publication does: of the two one waits, and sees what the other made
            self._cur.execute("lock table wangge.grids in share row exclusive mode")
        if replace:
            _empty(self._cur, layer)
        self._reference = reference = Reference.read(self._cur)
        if layer.id != "divisions" and not reference.townships:
            raise InvalidInput("load.no-divisions", layer=layer.id)
        self._columns = columns_of(self._cur, layer)
        self._matching = self._match(mapping)
        self._crs = source_crs(self._source, crs, reference.metric_srid, self._path.name)
        self._whereabouts = Whereabouts(self._crs, reference.outline, reference.metric_srid)
        self._converters = {
            name: Converter(field, rule_of(layer.id, name), column, own_number=name == layer.id_field)
            for name, column in self._matching.columns.items()
            if (field := layer.field(name))
        }
        self._staging = Staging(self._cur, layer, tuple(self._columns.values()))

        read = self._read()
        if not read:
            raise InvalidInput("load.empty", file=self._path.name)
        self._whereabouts.check(layer.id)
        self._tell("check", 0, read)
        self._staging.check()
        self._tell("check", read, read)
        rejected = self._staging.refused()
        merged: Counter[str] = Counter()
        if layer.id == "cases" and not rejected:
            self._staging.write_cells()
            merged = self._staging.merge()
            rejected = merged["step"]
        rejects_path = write_rejects(self._path, self._staging.rejects()) if rejected else None
        loaded = 0
        if not rejected:
            self._tell("write", 0, read)
            if layer.id == "divisions" and (begun := begin_after_past(self._cur)):
                self._note("load.note-first-days", count=begun)
            loaded = merged["changed"] + self._staging.insert()
            if merged or read > loaded:
                told = {outcome: merged[outcome] for outcome in ("changed", "same", "older")}
                self._note("load.note-merged", **told, repeated=read - loaded - merged["same"] - merged["older"])
            if replace and layer.id == "grids":
                reinstate_codes(self._cur)
            if not dry_run:
                for id_ in (layer.id, *_COUNTED.get(layer.id, ())):
                    measure_records(self._cur, id_)
            self._tell("write", loaded, read)
        if rejected or dry_run:
            self._cur.execute("rollback")
        self._take_notes(crs)
        return LoadReport(layer.id, read, loaded, rejected, rejects_path, dry_run, self._crs.srid, tuple(self._notes))

    def _match(self, mapping: Mapping[str, str]) -> Matching:
        """Which column goes where; every field that a row can't do without has one, or follows from others."""
        layer, columns = self._layer, self._source.columns
        fields = [field for field in layer.fields if field.name in self._columns]
        matching = match_columns(layer, fields, columns, mapping, self._path.name)
        required = [name for name, column in self._columns.items() if column.required and layer.field(name)]
        needed = [name for name in required if name not in DERIVED[layer.id]]
        if layer.id == "cases" and not {"type_code", "type_name"} & matching.columns.keys():
            needed.append("type_code")
        check_complete(layer, matching, needed, columns, self._path.name)
        self._required = required
        return matching

    def _read(self) -> int:
        """Take every row into the temporary table; how many there are."""
        read, total = 0, self._source.rows
        self._tell("read", 0, total)
        used = list(dict.fromkeys(self._matching.columns.values()))
        for batch in self._source.batches(used, BATCH):
            if len(batch):
                self._take(batch)
            read += len(batch)
            self._tell("read", read, max(read, total))
        return read

    def _take(self, batch: Batch) -> None:
        problems = list(batch.problems)
        stored = self._crs.to_stored(batch.geometries)
        self._whereabouts.see(batch.geometries, stored)
        rows = make_rows(
            self._layer,
            {name: batch.columns[column] for name, column in self._matching.columns.items()},
            self._converters,
            stored,
            self._reference,
            tuple(self._columns),
            self._required,
            problems,
        )
        numbers = batch.numbers
        self._staging.refuse(reject(numbers[at], name, value, problem) for at, name, value, problem in rows.problems)
        self._staging.add(numbers, [rows.values[name] for name in self._columns], rows.geometries)

    def _take_notes(self, wanted_crs: str | None) -> None:
        """What a person should know besides the numbers."""
        if self._source.encoding and self._source.encoding.lower() not in ("utf-8", "utf-8-sig"):
            self._note("load.note-encoding", encoding=self._source.encoding)
        self._note("load.note-crs", crs=self._crs.name)
        own = self._source.crs
        if wanted_crs and own and own.name != self._crs.name and self._source.format != "GeoJSON":
            self._note("load.note-other-crs", own=own.name, crs=self._crs.name)
        if self._crs.datum_differs:
            self._note("load.note-datum", crs=self._crs.name)
        unused = [column for column in self._matching.unused if not is_field(self._layer, column)]
        stripped = [column for column in unused if personal_field(column)]
        if stripped:
            self._note("load.note-stripped", columns=", ".join(stripped))
            unused = [column for column in unused if column not in stripped]
        if unused:
            self._note("load.note-unused", columns=", ".join(unused))
        for name, converter in self._converters.items():
            if converter.repaired:
                before, after = converter.repaired
                self._note("load.note-repaired", field=name, before=before, after=after)
        if self._reference.outline is None:
            self._note("load.note-no-city")

    def _note(self, key: str, **values: object) -> None:
        self._notes.append(Note(key, values))


def _empty(cur: Cursor, layer: Layer) -> None:
    """Delete what a layer has, unless other rows stand on it."""
    if layer.id == "divisions":
        cur.execute(
            "select (select count(*) from wangge.grids),"
            " (select count(*) from wangge.keys where township_code is not null)"
        )
        grids, keys = cur.fetchone() or (0, 0)
        if grids or keys:
            raise Conflict("load.replace-referenced", grids=grids, keys=keys)
    cur.execute(sql.SQL("delete from {}").format(sql.Identifier("wangge", layer.table)))


def _explained(error: psycopg2.Error, layer: Layer) -> WanggeError:
    """A constraint that the checks did not foresee, in words: somebody wrote at the same time, or a rule is missing."""
    diagnosis = error.diag
    said = diagnosis.message_detail or diagnosis.message_primary or ""
    constraint = diagnosis.constraint_name or diagnosis.column_name or "-"
    return Conflict("load.refused", layer=layer.id, constraint=constraint, detail=said)
