"""Values of files made into values of fields, and columns found for them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InvalidInput
from layers.catalogue.catalogue import CATALOGUE
from layers.loading.converting import Converter
from layers.loading.fields import match_columns, shapefile_names
from layers.loading.rejects import Problem
from layers.loading.rules import RULES, rule_of

SHANGHAI = timezone(timedelta(hours=8))


def problem_of(converted: object) -> str | None:
    """Key of the text of a problem."""
    return converted.key if isinstance(converted, Problem) else None


def converter(layer: str, field: str, column: str = "") -> Converter:
    """The way into a field of a layer."""
    found = CATALOGUE[layer].field(field)
    assert found is not None
    return Converter(found, rule_of(layer, field), column, own_number=field == CATALOGUE[layer].id_field)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("321283001001001", "321283001001001"),
        ("321283001001001.0", "321283001001001"),
        (321283001001001.0, "321283001001001"),
        (321283001001001, "321283001001001"),
        ("'321283001001001", "321283001001001"),
        ('="321283001001001"', "321283001001001"),
        (" 321283001001001 ", "321283001001001"),
        ("３２１２８３００１００１００１", "321283001001001"),
        (float("nan"), None),
        ("", None),
    ],
)
def test_codes_are_text_and_what_was_a_number_is_mended(value: object, code: str | None) -> None:
    assert converter("grids", "code")(value) == code


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("3.21283E+14", "load.reject-rounded"),
        (32128300001310000001.0, "load.reject-rounded"),
        ("32128300100100", "load.reject-code"),
        ("32128300100100A", "load.reject-code"),
        ("321283001001001.5", "load.reject-code"),
    ],
)
def test_codes_that_lost_digits_are_refused(value: object, key: str) -> None:
    layer = "cameras" if isinstance(value, float) else "grids"
    assert problem_of(converter(layer, CATALOGUE[layer].fields[0].name)(value)) == key


@given(st.integers(10**14, 10**15 - 1))
def test_a_grid_code_survives_every_way_through_a_number(code: int) -> None:
    convert = converter("grids", "code")
    assert {convert(code), convert(float(code)), convert(f"{code}.0"), convert(str(code))} == {str(code)}


def test_types_of_cases_get_back_the_zero_that_a_number_drops() -> None:
    assert converter("cases", "type_code")(6020) == "06020"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-03-05 08:30:00", datetime(2024, 3, 5, 8, 30, tzinfo=SHANGHAI)),
        ("2024-03-05T08:30", datetime(2024, 3, 5, 8, 30, tzinfo=SHANGHAI)),
        ("2024-03-05T00:30:00Z", datetime(2024, 3, 5, 8, 30, tzinfo=SHANGHAI)),
        ("2024-03-05T00:30:00.500+00:00", datetime(2024, 3, 5, 8, 30, 0, 500000, tzinfo=SHANGHAI)),
        ("2024/3/5 8:30", datetime(2024, 3, 5, 8, 30, tzinfo=SHANGHAI)),
        ("2024/03/05 08:30:00+08", datetime(2024, 3, 5, 8, 30, tzinfo=SHANGHAI)),
        ("2024.3.5", datetime(2024, 3, 5, tzinfo=SHANGHAI)),
        ("20240305", datetime(2024, 3, 5, tzinfo=SHANGHAI)),
        (20240305, datetime(2024, 3, 5, tzinfo=SHANGHAI)),
        ("20240305083000", datetime(2024, 3, 5, 8, 30, tzinfo=SHANGHAI)),
        ("2024年3月5日", datetime(2024, 3, 5, tzinfo=SHANGHAI)),
        ("2024年3月5日 8时30分5秒", datetime(2024, 3, 5, 8, 30, 5, tzinfo=SHANGHAI)),
        (datetime(2024, 3, 5, 0, 30, tzinfo=UTC), datetime(2024, 3, 5, 8, 30, tzinfo=SHANGHAI)),
        (date(2024, 3, 5), datetime(2024, 3, 5, tzinfo=SHANGHAI)),
    ],
)
def test_times_are_read_as_they_are_written(text: object, moment: datetime) -> None:
    assert converter("cases", "reported_at")(text) == moment
    assert converter("grids", "valid_from")(text) == moment.date()


@pytest.mark.parametrize(
    "text", ["3/5/2024", "2024-02-30", "2024-13-01", "yesterday", "2024-03-05 25:00", "0001-01-01", "1", "2024-W10-2"]
)
def test_times_that_are_none_are_refused(text: str) -> None:
    assert problem_of(converter("cases", "reported_at")(text)) == "load.reject-moment"


@given(st.integers(-2_200_000_000, 6_900_000_000), st.sampled_from([UTC, SHANGHAI]))
def test_iso_times_come_back(second: int, zone: timezone) -> None:
    moment = datetime.fromtimestamp(second, zone)
    assert converter("cases", "reported_at")(moment.isoformat()) == moment


@pytest.mark.parametrize(
    ("layer", "field", "words"),
    [
        ("grids", "kind", {"social": ["social", "SOCIAL", "综合网格", "Social-governance", "social governance"]}),
        (
            "cameras",
            "source",
            {"skynet": ["天网", "Skynet", "skynet (public security)"], "bluesky": ["蓝天卫士", "Blue-sky guard"]},
        ),
        ("cameras", "status", {"ON": ["on", "在线"], "OFF": ["离线", "Off"]}),
        ("cases", "category", {"component": ["部件"], "matter": ["事项", "Matter"]}),
    ],
)
def test_coded_fields_take_their_titles(layer: str, field: str, words: dict[str, list[str]]) -> None:
    convert = converter(layer, field)
    for code, written in words.items():
        assert [convert(word) for word in written] == [code] * len(written)
    assert problem_of(convert("别的")) == "load.reject-value"


@pytest.mark.parametrize(
    ("layer", "field", "value", "expected"),
    [
        ("grids", "population", "1,234", 1234),
        ("grids", "population", "12.0", 12),
        ("grids", "population", 12.5, "load.reject-integer"),
        ("grids", "population", -1, "load.reject-range"),
        ("grids", "leaders", 40000, "load.reject-range"),
        ("cameras", "fov_deg", "０", "load.reject-range"),
        ("cameras", "fov_deg", "360", 360.0),
        ("cameras", "range_m", "50m", "load.reject-number"),
        ("cameras", "range_m", "1e400", "load.reject-number"),
        ("cameras", "azimuth_deg", 360, 0.0),
        ("cameras", "azimuth_deg", "东南", 135.0),
        ("cameras", "azimuth_deg", "由东向西", 270.0),
        ("cameras", "azimuth_deg", "NE", 45.0),
        ("cameras", "azimuth_deg", 4, 4.0),
        ("cameras", "azimuth_deg", "up", "load.reject-azimuth"),
        ("cameras", "assumed", "是", True),
        ("cameras", "assumed", 0, False),
        ("cameras", "assumed", "maybe", "load.reject-boolean"),
        ("cameras", "name", 12.0, "12"),
        ("cameras", "name", "NULL", None),
        ("cameras", "name", "a\0b", "load.reject-control"),
    ],
)
def test_values_become_what_the_field_is(layer: str, field: str, value: object, expected: object) -> None:
    converted = converter(layer, field)(value)
    assert (problem_of(converted) or converted) == expected


def test_direction_types_of_the_standard_are_directions() -> None:
    convert = converter("cameras", "azimuth_deg", "DirectionType")
    assert [convert(number) for number in range(1, 9)] == [90, 270, 180, 0, 135, 45, 225, 315]
    assert problem_of(convert(9)) == "load.reject-azimuth"


@pytest.mark.parametrize("layer", RULES)
def test_every_name_of_a_field_finds_it(layer: str) -> None:
    fields = CATALOGUE[layer].fields
    short = shapefile_names(fields)
    ways = [
        [field.name for field in fields],
        [field.name.upper().replace("_", " ") for field in fields],
        [field.title.zh for field in fields],
        [field.title.en for field in fields],
        [short[field.name] for field in fields],
        [CATALOGUE[layer].title.zh + field.title.zh for field in fields],
    ]
    for columns in ways:
        matching = match_columns(CATALOGUE[layer], fields, columns, {}, "file")
        assert matching.columns == dict(zip([field.name for field in fields], columns, strict=True))
        assert matching.unused == ()


def test_a_mapping_wins_and_its_mistakes_are_named() -> None:
    layer = CATALOGUE["grids"]
    matching = match_columns(layer, layer.fields, ["code", "WGBM", "备注"], {"code": "wgbm"}, "file")
    assert matching.columns == {"code": "WGBM"} and matching.unused == ("code", "备注")
    for mapping, key in (({"kode": "WGBM"}, "load.map-field"), ({"code": "XX"}, "load.map-column")):
        with pytest.raises(InvalidInput) as caught:
            match_columns(layer, layer.fields, ["WGBM"], mapping, "file")
        assert caught.value.key == key
    with pytest.raises(InvalidInput) as caught:
        match_columns(layer, layer.fields, ["名称", "名 称"], {}, "file")
    assert caught.value.key == "load.alike" and caught.value.values["columns"] == "名称, 名 称"
