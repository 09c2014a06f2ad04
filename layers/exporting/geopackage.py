"""Titles inside a GeoPackage, so that QGIS shows the columns in Chinese."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from layers.catalogue.layer import Field, Layer

_TABLE: Final = """
create table if not exists gpkg_data_columns (
    table_name text not null, column_name text not null, name text, title text, description text, mime_type text,
    constraint_name text, constraint pk_gdc primary key (table_name, column_name),
    constraint gdc_tn unique (table_name, name));
create table if not exists gpkg_data_column_constraints (
    constraint_name text not null, constraint_type text not null, value text, min numeric, min_is_inclusive boolean,
    max numeric, max_is_inclusive boolean, description text,
    constraint gdcc_ntv unique (constraint_name, constraint_type, value));
create table if not exists gpkg_extensions (
    table_name text, column_name text, extension_name text not null, definition text not null, scope text not null,
    constraint ge_tce unique (table_name, column_name, extension_name));
"""


def name_columns(path: Path, layer: Layer, fields: tuple[Field, ...]) -> None:
    """Write the titles and the meaning of coded values of a layer into a GeoPackage that has its table.

    Parameters
    ----------
    path : Path
        The GeoPackage; its table is called like the layer.
    layer : Layer
        What it is.
    fields : tuple of Field
        Those of its columns; readers show the Chinese title as the column's alias.

    Notes
    -----
    The schema extension of OGC 12-128r19, F.9: data columns and enumerations.
    """
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(_TABLE)
        for table in ("gpkg_data_columns", "gpkg_data_column_constraints"):
            connection.execute(
                "insert or ignore into gpkg_extensions values (?, null, 'gpkg_schema',"
                " 'http://www.geopackage.org/spec121/#extension_schema', 'read-write')",
                (table,),
            )
        for field in fields:
            domain = f"{layer.table}_{field.name}" if field.values else None
            connection.execute(
                "insert into gpkg_data_columns values (?, ?, ?, ?, ?, null, ?)",
                (layer.id, field.name, field.title.zh, field.title.zh, field.title.en, domain),
            )
            for value, title in field.values:
                connection.execute(
                    "insert into gpkg_data_column_constraints values (?, 'enum', ?, null, null, null, null, ?)",
                    (domain, value, title.zh),
                )
