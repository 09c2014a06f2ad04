"""GeoParquet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pyproj import CRS

from layers.exporting.columns import GEOMETRY, batches, schema_of
from layers.exporting.rows import Rows


def write_parquet(path: Path, rows: Rows) -> None:
    """Write GeoParquet 1.1; its axis order is longitude or easting first whatever the CRS says.

    Parameters
    ----------
    path : Path
        The new file.
    rows : Rows
        Read to their end; without geometry it is plain Parquet.
    """
    schema = schema_of(rows, {name: name for name in rows.layer.names})
    if rows.request.geometry:
        schema = schema.with_metadata({"geo": json.dumps(_geo(rows), ensure_ascii=False)})
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches(rows, schema):
            writer.write_batch(batch)


def _geo(rows: Rows) -> dict[str, Any]:
    type_ = rows.layer.geometry_type
    # no CRS means longitude and latitude of WGS 84 there, which has no name but OGC's
    crs = CRS.from_user_input("OGC:CRS84" if rows.srid == 4326 else rows.srid).to_json_dict()
    column = {
        "encoding": "WKB",
        "geometry_types": [] if type_ == "Geometry" else [type_],
        "crs": crs,
        "edges": "planar",
    }
    return {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}
