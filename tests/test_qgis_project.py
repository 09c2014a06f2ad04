"""The ready QGIS project: what it holds by the key that asks, and that QGIS opens and draws it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import h3
import psycopg2
import pytest
from system_qgis import ask_qgis

from config.styles.qml import layer_qml
from config.styles.sld import layer_sld
from layers.catalogue.catalogue import CATALOGUE, VECTOR_LAYERS
from layers.database.styles import write_layer_styles

PUBLIC = {layer.id for layer in VECTOR_LAYERS if layer.readers == "public"}
STAFF = {layer.id for layer in VECTOR_LAYERS if layer.readers in ("public", "staff")}


def document(body: bytes) -> ElementTree.Element:
    """The one document of a project."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        (name,) = archive.namelist()
        return ElementTree.fromstring(archive.read(name).decode("utf-8").partition("\n")[2])


def sources(body: bytes, provider: str = "OAPIF") -> dict[str, str]:
    """Where the layers of a provider come from, by the layer of the catalogue."""
    found = {one.findtext("datasource", "") for one in document(body).iter("maplayer")
             if one.findtext("provider") == provider}  # fmt: skip
    if provider == "ogr":
        return {source.split("/collections/")[1].partition("/")[0]: source for source in found}
    return {source.split("typename='")[1].split("'")[0]: source for source in found}


OVER_TIME = {"grids", "case-heat"}


@pytest.mark.parametrize(("role", "layers"), [(None, PUBLIC), ("staff", STAFF), ("township", STAFF)])
def test_a_project_has_the_layers_that_its_asker_may_read(service: Any, role: str | None, layers: set[str]) -> None:
    answer = service.get("/qgis", role)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="wangge.qgz"'
    found = sources(answer.content)
    assert set(found) == layers
    assert all(f"url='{service.base_url}'" in source for source in found.values())
    files = sources(answer.content, "ogr")
    assert set(files) == OVER_TIME
    assert all(source.startswith(f"/vsicurl_streaming/{service.base_url}/") for source in files.values())


def test_a_key_goes_into_a_project_only_when_asked_for(service: Any) -> None:
    key = service.keys["staff"]
    assert key not in "".join(sources(service.get("/qgis", "staff").content).values())
    embedded = service.get("/qgis?key=embed", "staff")
    assert embedded.headers["Cache-Control"] == "no-store"
    assert all(f"password='{key}'" in source for source in sources(embedded.content).values())
    files = sources(embedded.content, "ogr").values()
    assert all(f"://wangge:{key}@" in source for source in files)
    assert "@" not in "".join(sources(service.get("/qgis", "staff").content, "ogr").values())
    assert "password" not in "".join(sources(service.get("/qgis?key=embed").content).values())
    assert service.get("/qgis?key=yes", "staff").status_code == 400


@pytest.mark.parametrize("language", ["zh", "en"])
def test_names_follow_the_language(service: Any, language: str) -> None:
    root = document(service.get(f"/qgis?lang={language}", "staff").content)
    names = {layer.findtext("layername") for layer in root.iter("maplayer") if layer.findtext("provider") == "OAPIF"}
    assert names == {layer.title.in_(language) for layer in VECTOR_LAYERS if layer.id in STAFF}


def fullest_month(service: Any) -> str:
    """The month with the most cases, as year and month."""
    with service.database.transaction() as cursor:
        cursor.execute(
            "select to_char(day, 'YYYY-MM') from wangge.case_counts group by 1 order by sum(count) desc, 1 limit 1"
        )
        ((month,),) = cursor.fetchall()
    return str(month)


@pytest.fixture(scope="module")
def opened(service: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What QGIS says of the project of a staff key."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "wangge.qgz").write_bytes(service.get("/qgis?key=embed&lang=zh", "staff").content)
    month = fullest_month(service)
    (folder / "grids.sld").write_bytes(service.get("/collections/grids/style?f=sld").content)
    return ask_qgis(
        "qgis_project_reader.py", folder, folder / "wangge.qgz", folder / "map.png", folder / "grids.sld", month
    )


def test_qgis_opens_every_layer_with_titles_styles_and_meanings(service: Any, opened: Any) -> None:
    assert opened["read"]
    assert opened["crs"] == "EPSG:4549"
    assert opened["title"] == "泰兴市网格"
    layers = {name.removeprefix("wangge_").replace("_", "-"): layer for name, layer in opened["layers"].items()
              if layer["provider"] == "OAPIF"}  # fmt: skip
    assert set(layers) == STAFF
    for id_, found in layers.items():
        layer = CATALOGUE[id_]
        assert found["valid"], id_
        assert found["name"] == layer.title.zh
        assert found["locked"] == (id_ != "grid-edits")
        if found["renderer"] is None:
            # QGIS 3.22 reads no schema and tells neither geometry nor fields of a layer without features
            assert found["count"] == 0
            continue
        for field in layer.fields:
            assert found["aliases"][field.name].startswith(field.title.zh), (id_, field.name)
            assert (found["widgets"][field.name] == "ValueMap") == bool(field.values), (id_, field.name)
    assert layers["grids"]["count"] == 1412
    # QGIS 3.22 filters by itself what the service answers without a parameter: a subset on a month would leave nothing
    answered = service.get("/collections/case-heat/items?limit=1", "staff").json()
    assert layers["case-heat"]["count"] == answered["numberMatched"] > 0
    assert layers["divisions"]["renderer"] == "RuleRenderer"
    assert layers["cases"]["scale"] == pytest.approx(34_124, abs=1)


def test_the_time_slider_moves_over_what_has_every_day(service: Any, opened: Any) -> None:
    """The grids of any day, cases and heat by month; of what QGIS has of one time alone a slider would leave holes."""
    told = {name.removeprefix("wangge_"): layer["time"] for name, layer in opened["layers"].items()}
    assert {name for name, (on, *_) in told.items() if on} == {
        "grids_over_time", "case_heat_over_time", "cases", "grid_lineage",
    }  # fmt: skip
    assert told["case_heat_over_time"] == [True, "expressions", "first_day", "last_day"]
    assert told["grids_over_time"] == [True, "expressions", "valid_from", "valid_to"]
    assert told["cases"] == [True, "instant", "reported_at", ""]
    month = fullest_month(service) + "-01"
    with service.database.transaction() as cursor:
        cursor.execute(
            "select distinct to_hex(cell) from wangge.case_counts where day >= %s::date"
            " and day < %s::date + interval '1 month'", (month, month),
        )  # fmt: skip
        cells = {h3.cell_to_parent(cell, 7) for (cell,) in cursor.fetchall()}
        cursor.execute(
            "select count(*), count(*) filter (where valid_from < %s::date + interval '1 month'"
            " and (valid_to is null or valid_to > %s::date)) from wangge.grids", (month, month),
        )  # fmt: skip
        grids = cursor.fetchone()
    heat, history = (opened["months"][f"wangge_{name}_over_time"] for name in ("case_heat", "grids"))
    assert heat["found"] == len(cells) < heat["all"]
    assert 0 < heat["painted"][1] <= heat["painted"][0]
    assert (history["all"], history["found"]) == grids
    assert history["found"] > 0


def test_qgis_knows_the_townships_and_how_borders_are_drawn(service: Any, opened: Any) -> None:
    with service.database.transaction() as cursor:
        cursor.execute(
            "select name, st_xmin(geom), st_ymin(geom), st_xmax(geom), st_ymax(geom) from wangge.divisions"
            " where level = 'township' order by code"
        )
        held = [[name, pytest.approx(box)] for name, *box in cursor.fetchall()]
    assert opened["bookmarks"] == held
    assert opened["snapping"]
    assert opened["topological"]


def test_qgis_draws_the_project_and_takes_the_sld(opened: Any) -> None:
    assert opened["painted"] > 0.3
    sld, message, renderer = opened["sld"]
    # loadSldStyle answers with its message and whether it went well, in either order over versions
    assert True in (sld, message)
    assert renderer == "RuleRenderer"


@pytest.mark.parametrize("layer", VECTOR_LAYERS, ids=lambda layer: layer.id)
def test_an_sld_has_a_rule_a_class(layer: Any) -> None:
    root = ElementTree.fromstring(layer_sld(layer, "en").partition("\n")[2])
    rules = list(root.iter("{http://www.opengis.net/se}Rule"))
    labelled = [rule for rule in rules if rule.find("{http://www.opengis.net/se}TextSymbolizer") is not None]
    assert len(labelled) == bool(layer.style.label)
    assert len(rules) - len(labelled) == max(len(layer.style.colours), 1)


def test_tables_carry_their_style_and_keep_what_staff_saved(db: Any) -> None:
    styles = [(layer, layer_qml(layer, "zh"), layer_sld(layer, "zh")) for layer in VECTOR_LAYERS]
    for _ in range(2):
        with psycopg2.connect(db.owner_dsn) as connection, connection.cursor() as cursor:
            write_layer_styles(cursor, styles)
            cursor.execute(
                "insert into public.layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column,"
                " stylename, useasdefault) values (current_database(), 'wangge', 'grids', 'geom', 'mine', false)"
                " on conflict do nothing"
            )
        connection.close()
    with db.transaction() as cursor:
        cursor.execute("select f_table_name, stylename, useasdefault from public.layer_styles")
        found = cursor.fetchall()
    ours = [(layer.table, "wangge", True) for layer in VECTOR_LAYERS]
    assert sorted(found) == sorted([*ours, ("grids", "mine", False)])


def test_the_command_writes_a_project(wangge: Any, tmp_path: Path) -> None:
    refused = wangge("qgis", str(tmp_path / "map.qgs"))
    assert (refused.returncode, ".qgz" in refused.stderr) == (2, True)
    assert wangge("qgis", str(tmp_path / "map.qgz"), "--embed").returncode == 2
