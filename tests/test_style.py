"""Styles come from the catalogue whole: every colour in every style, every address absolute, no sprite."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from config.pages.glyphs import LAST, SHIPPED, glyphs
from config.styles.legend import legend
from config.styles.mapbox import colour_expression, layer_style, map_style
from config.styles.qml import layer_qml
from config.styles.sld import layer_sld
from layers.catalogue.catalogue import CATALOGUE, VECTOR_LAYERS
from layers.catalogue.layer import Layer

BASE = "http://host.example:8080/service"
LAYERS = list(VECTOR_LAYERS)
each_layer = pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.id)


def strings(value: Any) -> list[str]:
    """Every string in a JSON value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for part in value.values() for text in strings(part)]
    return [text for part in value for text in strings(part)] if isinstance(value, list) else []


@each_layer
def test_a_layer_draws_its_own_tiles_in_every_colour_of_the_catalogue(layer: Layer) -> None:
    drawn = layer_style(layer, BASE, "zh")
    assert {entry["source"] for entry in drawn} == {entry["source-layer"] for entry in drawn} == {layer.id}
    assert {layer.style.colour, *(colour for _, colour in layer.style.colours)} <= set(strings(drawn))
    assert all(entry["metadata"]["wangge:title"] == layer.title.zh for entry in drawn)


@each_layer
def test_a_style_asks_tiles_for_no_field_that_they_do_not_carry(layer: Layer) -> None:
    """Cells of cases carry a count that is no field of a case."""

    def asked(value: Any) -> set[str]:
        if not isinstance(value, list):
            return set().union(*map(asked, value.values())) if isinstance(value, dict) else set()
        named = {value[1]} if len(value) == 2 and value[0] in ("get", "has") else set()
        return named.union(*map(asked, value))

    carried = set(layer.tile_fields) | ({"count"} if layer.id == "cases" else set())
    assert asked(layer_style(layer, BASE, "zh")) <= carried


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_map_is_a_whole_style_with_absolute_addresses_and_no_sprite(language: str) -> None:
    style = map_style(LAYERS, BASE, language)
    assert style["version"] == 8
    assert "sprite" not in style
    assert set(style["sources"]) == {layer.id for layer in LAYERS}
    ids = [entry["id"] for entry in style["layers"]]
    assert len(ids) == len(set(ids))
    addresses = [text for text in strings(style) if "://" in text]
    assert len(addresses) == len(LAYERS) + 1
    assert all(address.startswith(BASE + "/") for address in addresses)
    assert json.loads(json.dumps(style)) == style


def test_tiles_are_addressed_row_before_column() -> None:
    (address,) = map_style([CATALOGUE["grids"]], BASE, "zh")["sources"]["grids"]["tiles"]
    assert address == f"{BASE}/collections/grids/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}?f=mvt"


def test_areas_lie_below_lines_below_points_below_labels() -> None:
    order = {"background": 0, "fill": 1, "line": 2, "circle": 3, "symbol": 4}
    ranks = [order[entry["type"]] for entry in map_style(LAYERS, BASE, "zh")["layers"]]
    assert ranks == sorted(ranks)


def test_a_number_is_coloured_by_steps_and_a_code_by_matches() -> None:
    heat = colour_expression(CATALOGUE["case-heat"])
    assert heat[0] == "step"
    steps = heat[3::2]
    assert steps == sorted(steps) == [low for low, _ in CATALOGUE["case-heat"].style.colours]
    grids = colour_expression(CATALOGUE["grids"])
    assert grids == ["match", ["get", "kind"], "social", "#2a9d8f", "dedicated", "#e76f51", "#2a9d8f"]
    assert colour_expression(CATALOGUE["department-cells"]) == CATALOGUE["department-cells"].style.colour


def test_levels_of_divisions_differ_alike_in_every_style() -> None:
    """By hand: 1.6 px of the catalogue, twice as wide for the city, half as wide for villages, which come from near."""
    divisions = CATALOGUE["divisions"]
    held = [("County", "#3f3170", 3.2, 0), ("Township", "#6b5b95", 1.76, 0), ("Village", "#9a86c4", 0.88, 100_000)]
    entries = legend(divisions, "en")
    assert [(one.label, one.colour, round(one.width, 2), one.scale) for one in entries] == held
    assert {one.shape for one in entries} == {"line"}
    lines = [one for one in map_style(LAYERS, BASE, "en")["layers"] if one["type"] == "line"]
    assert [one["id"] for one in lines[-3:]] == [f"divisions-{part}-line" for part in ("village", "township", "county")]
    drawn = [(one["paint"]["line-color"], one["paint"]["line-width"][-1]) for one in reversed(lines[-3:])]
    assert drawn == [(colour, width) for _, colour, width, _ in held]
    sld = ElementTree.fromstring(layer_sld(divisions, "en").partition("\n")[2])
    se = "{http://www.opengis.net/se}"
    told = []
    for rule in list(sld.iter(f"{se}Rule"))[:3]:
        given = {one.attrib["name"]: one.text for one in rule.iter(f"{se}SvgParameter")}
        scale = rule.findtext(f"{se}MaxScaleDenominator")
        told.append((rule.findtext(f"{se}Name"), given["stroke"], float(given["stroke-width"] or 0), int(scale or 0)))
    assert told == held
    qml = ElementTree.fromstring(layer_qml(divisions, "en").partition("\n")[2])
    rules = {one.attrib["label"]: one.attrib for one in qml.iterfind("renderer-v2/rules/rule")}
    assert {label: int(one.get("scalemaxdenom", 0)) for label, one in rules.items()} == {
        label: scale for label, _, _, scale in held
    }
    for label, colour, width, _ in held:
        symbol = qml.find(f"renderer-v2/symbols/symbol[@name='{rules[label]['symbol']}']")
        assert symbol is not None
        given = {one.attrib["k"]: one.attrib["v"] for one in symbol.iter("prop")}
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        assert given["outline_color"].startswith(f"{red},{green},{blue},")
        # QGIS counts in millimetres
        assert float(given["outline_width"]) == pytest.approx(width * 0.26, abs=0.005)


@each_layer
def test_the_legend_names_every_colour_in_both_languages(layer: Layer) -> None:
    for language in ("zh", "en"):
        entries = legend(layer, language)
        assert [entry.colour for entry in entries] == [
            colour for _, colour in layer.style.colours or ((None, layer.style.colour),)
        ]
        assert all(entry.label for entry in entries)
        assert len({entry.label for entry in entries}) == len(entries)


def test_a_legend_of_numbers_leaves_none_out() -> None:
    labels = [entry.label for entry in legend(CATALOGUE["case-heat"], "zh")]
    lows = [int(low) for low, _ in CATALOGUE["case-heat"].style.colours]
    assert labels == [f"{low}–{high - 1}" for low, high in zip(lows, lows[1:], strict=False)] + [f"≥ {lows[-1]}"]


@each_layer
def test_a_qgis_style_has_the_alias_of_every_field_and_the_meaning_of_every_code(layer: Layer) -> None:
    root = ElementTree.fromstring(layer_qml(layer, "zh").partition("\n")[2])
    aliases = {alias.attrib["field"]: alias.attrib["name"] for alias in root.iterfind("aliases/alias")}
    assert list(aliases) == list(layer.names)
    assert all(aliases[field.name].startswith(field.title.zh) for field in layer.fields)
    coded = {
        field.name: {meaning.zh: value for value, meaning in field.values} for field in layer.fields if field.values
    }
    found = {}
    for field in root.iterfind("fieldConfiguration/field"):
        options = [option.attrib for option in field.iter("Option") if "value" in option.attrib]
        found[field.attrib["name"]] = {option["name"]: option["value"] for option in options}
    assert found == coded


@each_layer
def test_a_qgis_style_draws_each_class_with_a_symbol_that_is_there(layer: Layer) -> None:
    root = ElementTree.fromstring(layer_qml(layer, "en").partition("\n")[2])
    renderer = root.find("renderer-v2")
    assert renderer is not None
    symbols = {symbol.attrib["name"] for symbol in renderer.iterfind("symbols/symbol")}
    classes = ("category", "range", "rule")
    used = [part.attrib["symbol"] for part in renderer.iter() if part.tag in classes and "symbol" in part.attrib]
    assert set(used or ["0"]) == symbols
    assert len(used) >= len(layer.style.colours)


@pytest.mark.parametrize("symbol", ["marker", "line", "fill"])
def test_findings_have_a_style_for_each_kind_of_geometry(symbol: Any) -> None:
    root = ElementTree.fromstring(layer_qml(CATALOGUE["findings"], "zh", symbol).partition("\n")[2])
    assert {part.attrib["type"] for part in root.iter("symbol")} == {symbol}


def fields_of(message: bytes) -> list[tuple[int, int, Any]]:
    """Fields of a protocol buffer: number, wire type, value; written apart from the code that makes them."""
    found, at = [], 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        tag = varint()
        size = varint()
        if tag & 7 == 2:
            found.append((tag >> 3, 2, message[at : at + size]))
            at += size
        else:
            found.append((tag >> 3, tag & 7, size))
    return found


@pytest.mark.parametrize("first", [0, 8192, 768, LAST - 255])
def test_glyphs_are_whole_stacks_of_their_range(first: int) -> None:
    body = glyphs(first, first + 255)
    assert body is not None
    ((_, _, stack),) = fields_of(body)
    assert (2, 2, f"{first}-{first + 255}".encode()) in fields_of(stack)
    letters = {}
    for number, _, glyph in fields_of(stack):
        if number == 3:
            values = {key: value for key, _, value in fields_of(glyph)}
            letters[values[1]] = values
    assert bool(letters) == (first in SHIPPED)
    assert all(first <= code < first + 256 for code in letters)
    for values in letters.values():
        # A bitmap has a border of 3 pixels on each side; a space has none.
        assert len(values.get(2, b"")) in ((values[3] + 6) * (values[4] + 6), 0)
    if first == 0:
        assert set(range(0x20, 0x7F)) <= set(letters)


@pytest.mark.parametrize("ends", [(1, 256), (0, 254), (0, 511), (65536, 65791), (-256, -1)])
def test_glyphs_of_no_range_are_none(ends: tuple[int, int]) -> None:
    assert glyphs(*ends) is None
