"""The catalogue against the database: every field is a column of a fitting type, and nothing else can be read."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from geo.errors import InvalidInput
from layers.catalogue.catalogue import CATALOGUE
from layers.catalogue.layer import Layer
from layers.features.feature_text import feature_text
from layers.features.items_request import ItemsRequest, parse_items_request
from layers.features.query import source
from layers.identity import Identity, acting
from layers.text import Text

LAYERS = list(CATALOGUE.values())
IDS = list(CATALOGUE)
COLUMN_TYPES = {
    "string": {"text"},
    "integer": {"integer", "bigint", "smallint"},
    "number": {"double precision", "real", "numeric"},
    "boolean": {"boolean"},
    "date": {"date"},
    "date-time": {"timestamp with time zone"},
    "array": {"text[]"},
}
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def rows(database: Any, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with database.transaction(Identity("admin")) as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def columns(database: Any, layer: Layer) -> dict[str, str]:
    if layer.id == "case-heat":
        # summed for each request: the columns of the sum
        row = source(layer, ItemsRequest())
        names = [*layer.names, "fid", "geom"]
        types = ", ".join(f"pg_typeof({name})::text" for name in names)
        found = rows(database, f"select {types} from {row.text} limit 1", *row.values)[0]  # noqa: S608
        return dict(zip(names, found, strict=True))
    found = rows(
        database,
        "select attname, format_type(atttypid, null) from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 and not attisdropped",
        f"wangge.{layer.table}",
    )
    return dict(found)


@pytest.mark.parametrize("layer", LAYERS, ids=IDS)
def test_every_field_is_a_column_of_a_fitting_type(city: Any, layer: Layer) -> None:
    held = columns(city, layer)
    for field in layer.fields:
        assert held.get(field.name) in COLUMN_TYPES[field.type], f"{layer.id}.{field.name}"


@pytest.mark.parametrize("layer", LAYERS, ids=IDS)
def test_the_catalogue_is_whole(layer: Layer) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", layer.id)
    assert len(set(layer.names)) == len(layer.names)
    assert set(layer.tile_fields) <= set(layer.names)
    assert set(layer.time) <= set(layer.names)
    assert len(layer.time) <= 2
    assert not layer.current_only or len(layer.time) == 2
    for words in (layer.title, layer.description, *(field.title for field in layer.fields)):
        assert isinstance(words, Text)
        assert re.search("[\u4e00-\u9fff]", words.zh)
        assert words.en.isascii()
    rule = {"public": "", "staff": "asks_as_staff", "editor": "may_edit"}[layer.readers]
    assert rule in layer.row_rule


@pytest.mark.parametrize("layer", LAYERS, ids=IDS)
def test_the_id_names_one_row(city: Any, layer: Layer) -> None:
    """Unique by an index and never null: else one address would show two features."""
    if layer.id == "case-heat":
        row = source(layer, ItemsRequest(sortby=(("month", False), ("class_code", False))))
        plain = f"select count(*), count(distinct id), count(distinct fid) from {row.text}"  # noqa: S608
        total, ids, numbers = rows(city, plain, *row.values)[0]
        assert total == ids == numbers > 100_000
        return
    for table_ in layer.tables or (layer.table,):
        # edits have theirs within their set
        unique = rows(
            city,
            "select attname, attnotnull from pg_index join pg_attribute on attrelid = indrelid"
            " and attnum = indkey[indnkeyatts - 1] where indrelid = %s::regclass and indisunique and indpred is null"
            " and indnkeyatts = 1 + (indrelid = 'wangge.edited_grids'::regclass)::integer",
            f"wangge.{table_}",
        )
        assert dict(unique).get(layer.id_field) is True


@pytest.mark.parametrize("layer", LAYERS, ids=IDS)
def test_the_geometry_is_of_its_type_and_indexed(city: Any, layer: Layer) -> None:
    kind, srid = rows(
        city,
        "select type, srid from geometry_columns where f_table_schema = 'wangge' and f_table_name = %s"
        " and f_geometry_column = 'geom'",
        "h3_cells" if layer.id == "case-heat" else layer.table,
    )[0]
    assert (kind, srid) == (layer.geometry_type.upper(), 4490)
    for name in layer.tables or ("h3_cells" if layer.id == "case-heat" else layer.table,):
        indexed = rows(city, "select indexdef from pg_indexes where schemaname = 'wangge' and tablename = %s", name)
        assert any("gist (geom)" in definition for (definition,) in indexed)


@pytest.mark.parametrize("layer", LAYERS, ids=IDS)
def test_coded_values_are_those_that_the_data_have(city: Any, layer: Layer) -> None:
    for field in layer.fields:
        if field.values:
            plain = f"select distinct {field.name} from {source(layer, ItemsRequest()).text}"  # noqa: S608
            held = {value for (value,) in rows(city, plain)} - {None}
            assert held <= {value for value, _ in field.values}, f"{layer.id}.{field.name} has values without words"


@pytest.mark.parametrize("layer", LAYERS, ids=IDS)
def test_a_row_as_geojson_has_the_fields_and_no_more(city: Any, layer: Layer) -> None:
    row = source(layer, ItemsRequest())
    found = rows(city, f"select {feature_text(layer, CRS84)} from {row.text} limit 20", *row.values)  # noqa: S608
    assert found or layer.id in ("findings", "grid-lineage")
    for (text,) in found:
        feature = json.loads(text)
        if layer.record:
            # a record says more about itself
            assert list(feature) == ["type", "id", "geometry", "conformsTo", "time", "properties"]
            more = set(feature["properties"]) - set(layer.names)
            assert more <= {"language", "languages", "contacts", "themes", "externalIds"}
            feature["properties"] = {name: feature["properties"][name] for name in layer.names}
        else:
            assert list(feature) == ["type", "id", "geometry", "properties"]
        assert list(feature["properties"]) == list(layer.names)
        assert feature["id"] == feature["properties"].get(layer.id_field, feature["id"])


@pytest.mark.parametrize("layer", LAYERS, ids=IDS)
def test_hidden_columns_can_be_named_nowhere(city: Any, layer: Layer) -> None:
    """A column that the catalogue leaves out is no property, no filter, no sort key: not even its order leaks."""
    hidden = set(columns(city, layer)) - set(layer.names)
    assert {"fid", "geom"} <= hidden
    for column in [*sorted(hidden - {"id"}), "xmin", "ctid", "tableoid", "geom) from wangge.keys --"]:
        for params in (
            {column: "1"},
            {"properties": column},
            {"sortby": column},
            {"sortby": f"-{column}"},
            {"filter": f'"{column}" = 1', "filter-lang": "cql2-text"},
            {"filter": json.dumps({"op": "=", "args": [{"property": column}, 1]})},
            {"filter": json.dumps({"op": "isNull", "args": [{"property": column}]})},
        ):
            if column == "geom" and "isNull" in params.get("filter", ""):
                continue
            with pytest.raises(InvalidInput):
                parse_items_request(layer, params)


def test_the_service_may_read_layers_and_little_else(city: Any) -> None:
    readable = rows(
        city.api,
        "select relname from pg_class where relnamespace = 'wangge'::regnamespace and relkind = any('{r,v,m,p,f}')"
        " and has_table_privilege(oid, 'select') order by 1",
    )
    extra = {name for (name,) in readable} - {layer.table for layer in LAYERS}
    supporting = {
        "case_counts", "change_sets", "completeness", "density_maps", "edited_divisions", "edited_grids", "heat_years",
        "item_deliveries", "jobs", "publication_divisions", "publication_grids", "publications",
    }  # fmt: skip
    others = {"case_steps", "case_types", "city", "h3_cells", "heat_releases", "issued_codes", "layer_versions",
              "todays_divisions"}  # fmt: skip
    assert extra == supporting | others
    secured = rows(
        city.api, "select relname from pg_class where relnamespace = 'wangge'::regnamespace and relrowsecurity"
    )
    assert {layer.table for layer in LAYERS if not layer.tables} | supporting <= {name for (name,) in secured}


def test_a_row_rule_that_is_true_is_that_of_a_public_layer() -> None:
    with acting(Identity()):
        assert {layer.id for layer in LAYERS if layer.row_rule == "true"} == {
            "divisions", "grids", "service-points", "enforcement", "catalogue",
        }  # fmt: skip
    assert {layer.id for layer in LAYERS if layer.readers == "staff"} == {
        "department-cells", "crosswalk", "cameras", "cases", "hot-spots", "findings", "grid-lineage",
    }  # fmt: skip
    assert {layer.id for layer in LAYERS if layer.readers == "editor"} == {"grid-edits"}
