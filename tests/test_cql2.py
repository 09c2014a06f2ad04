"""What each operator and function of CQL2 means, as text and as JSON, against Python's and shapely's own answer."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import cql2
import pytest
import shapely

from config.web.conformance import CONFORMANCE
from layers.catalogue.catalogue import CATALOGUE
from layers.features.features import Features
from layers.features.items_request import parse_items_request
from layers.identity import Identity, acting

FINDINGS = CATALOGUE["findings"]
Row = dict[str, Any]
SHAPES = [
    "POINT (1 1)", "POINT (2 2)", "LINESTRING (0 0, 4 4)", "POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))",
    "POLYGON ((2 0, 4 0, 4 2, 2 2, 2 0))", "POLYGON ((1 1, 3 1, 3 3, 1 3, 1 1))", "MULTIPOINT ((1 1), (9 9))",
    "POLYGON ((8 8, 9 8, 9 9, 8 9, 8 8))", None, "LINESTRING (1 0, 1 5)",
]  # fmt: skip
WORDS = [
    "overlap", "Overlap", "it's", "100%", "50_a", "back\\slash", "泰兴市 <重叠> & \"间隙\"", "", "x' OR '1'='1", "gap",
]  # fmt: skip


def moment(day: int, hour: int = 0) -> datetime:
    return datetime(2024, 5, 1, tzinfo=UTC) + timedelta(days=day, hours=hour)


ROWS: list[Row] = [
    {
        "id": f"f{place}", "layer": "grids", "kind": WORDS[place], "severity": ["error", "warning", "note"][place % 3],
        "state": "open", "ids": [["a"], ["a", "b"], [], ["b", "a"], ["c", "it's"]][place % 5],
        "area_m2": [0.0, 1.5, None, 2.0, -3.25, 10.0, 7.0, 1e9, 2.0, None][place],
        "width_m": [1.0, 1.5, 2.0, None, 0.0, 3.0, 7.0, 0.1, -2.0, None][place],
        "sliver": place % 2 == 0, "message": f"说明{place}", "message_en": f"m{place}",
        "reason": None if place % 3 else WORDS[place],
        "first_seen_at": moment(place), "last_seen_at": moment(place + place % 4, place),
        "geom": shapely.from_wkt(shape) if shape else None,
    }
    for place, shape in enumerate(SHAPES)
]  # fmt: skip


@pytest.fixture(scope="module")
def features(clone: Callable[..., Any], migrated: str) -> Iterator[Features]:
    with clone(migrated) as database:
        with database.transaction() as cursor:
            for row in ROWS:
                values = row | {"geom": row["geom"] and shapely.to_wkb(row["geom"], hex=True)}
                marks = ", ".join("st_setsrid(%s::geometry, 4490)" if name == "geom" else "%s" for name in values)
                cursor.execute(
                    f"insert into wangge.findings ({', '.join(values)}) values ({marks})",  # noqa: S608
                    list(values.values()),
                )
        yield Features(database.api)


def chosen(features: Features, filter_: str, language: str = "cql2-text") -> set[str]:
    request = parse_items_request(FINDINGS, {"filter": filter_, "filter-lang": language})
    with acting(Identity("staff")):
        return {json.loads(text)["id"] for text in features.page(FINDINGS, request).features}


def where(test: Callable[[Row], Any]) -> set[str]:
    """Rows of which the test holds; one that stumbles over a missing value doesn't know, and so doesn't hold."""
    found = set()
    for row in ROWS:
        try:
            if test(row):
                found.add(row["id"])
        except (TypeError, ZeroDivisionError):
            continue
    return found


def both(features: Features, text: str) -> set[str]:
    """What the text chooses; the same condition as JSON chooses the same."""
    found = chosen(features, text)
    assert chosen(features, json.dumps(cql2.parse_text(text).to_json(), ensure_ascii=False), "cql2-json") == found
    return found


OPERATORS = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


@pytest.mark.parametrize("sign", OPERATORS)
@pytest.mark.parametrize(
    ("column", "written", "value"),
    [
        ("area_m2", "2", 2.0), ("area_m2", "-3.25", -3.25), ("area_m2", "1e9", 1e9), ("id", "'f5'", "f5"),
        ("sliver", "TRUE", True), ("first_seen_at", "TIMESTAMP('2024-05-04T00:00:00Z')", moment(3)),
        ("last_seen_at", "'2024-05-07T04:00:00+08:00'", moment(5, 20)), ("area_m2", "width_m", None),
        ("last_seen_at", "first_seen_at", None),
    ],
)  # fmt: skip
def test_comparisons(features: Features, sign: str, column: str, written: str, value: Any) -> None:
    compare = OPERATORS[sign]
    other = (lambda row: row[written]) if value is None else (lambda row: value)

    def holds(row: Row, a: Any, b: Any) -> bool:
        return a is not None and b is not None and compare(a, b)

    assert both(features, f"{column} {sign} {written}") == where(lambda row: holds(row, row[column], other(row)))
    assert both(features, f"{written} {sign} {column}") == where(lambda row: holds(row, other(row), row[column]))


@pytest.mark.parametrize("word", [word for word in WORDS if word])
def test_any_text_is_a_value(features: Features, word: str) -> None:
    """Quotes, wildcards, angle brackets, Chinese: a value is the value, and nothing in it is read as anything else."""
    quoted = word.replace("'", "''")
    assert both(features, f"kind = '{quoted}'") == where(lambda row: row["kind"] == word)
    assert both(features, f"kind IN ('{quoted}', 'no')") == where(lambda row: row["kind"] == word)
    assert both(features, f"A_CONTAINS(ids, ('{quoted}'))") == where(lambda row: word in row["ids"])
    request = parse_items_request(FINDINGS, {"kind": word})
    with acting(Identity("staff")):
        assert features.page(FINDINGS, request).matched == sum(row["kind"] == word for row in ROWS)


def like(pattern: str) -> re.Pattern[str]:
    """LIKE as a regular expression; the backslash takes a wildcard's meaning away."""
    parts = re.findall(r"\\.|[^\\]", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return re.compile("".join(wild.get(part) or re.escape(part[-1]) for part in parts), re.DOTALL)


@pytest.mark.parametrize(
    "pattern",
    ["%", "%a%", "o%", "_verlap", "%\\%", "50\\_a", "__\\_%", "%<%>%", "泰%", "%''%", "back%", "back\\\\s%", "gap", ""],
)
def test_like(features: Features, pattern: str) -> None:
    expected = like(pattern.replace("''", "'"))
    assert both(features, f"kind LIKE '{pattern}'") == where(lambda row: expected.fullmatch(row["kind"]))
    assert both(features, f"kind NOT LIKE '{pattern}'") == where(lambda row: not expected.fullmatch(row["kind"]))


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("CASEI(kind) = CASEI('OVERLAP')", lambda row: row["kind"].lower() == "overlap"),
        ("CASEI(kind) LIKE CASEI('OVER%')", lambda row: row["kind"].lower().startswith("over")),
        ("CASEI(kind) IN (CASEI('GAP'), CASEI('oVerlap'))", lambda row: row["kind"].lower() in ("gap", "overlap")),
        ("area_m2 BETWEEN 1.5 AND 2", lambda row: 1.5 <= row["area_m2"] <= 2),
        ("area_m2 NOT BETWEEN 1.5 AND 2", lambda row: not 1.5 <= row["area_m2"] <= 2),
        ("area_m2 IN (2, 7.0)", lambda row: row["area_m2"] in (2, 7)),
        ("area_m2 NOT IN (2, 7)", lambda row: row["area_m2"] + 0 not in (2, 7)),
        ("severity IN ('error', 'note')", lambda row: row["severity"] != "warning"),
        ("area_m2 IS NULL", lambda row: row["area_m2"] is None),
        ("reason IS NOT NULL", lambda row: row["reason"] is not None),
        ("geometry IS NULL", lambda row: row["geom"] is None),
        ("sliver", lambda row: row["sliver"]),
        ("NOT sliver", lambda row: not row["sliver"]),
        ("sliver = false AND NOT (area_m2 > 2)", lambda row: not row["sliver"] and not row["area_m2"] > 2),
        ("TRUE", lambda row: True),
        ("FALSE OR kind = 'gap'", lambda row: row["kind"] == "gap"),
        ("kind = 'gap' OR width_m < 1 AND sliver", lambda row: row["id"] in ("f4", "f8", "f9")),
        ("(width_m > 5 OR width_m < 1) AND sliver", lambda row: not 1 <= row["width_m"] <= 5 and row["sliver"]),
        ("area_m2 + width_m = 14", lambda row: row["area_m2"] + row["width_m"] == 14),
        ("area_m2 - width_m * 2 < -1", lambda row: row["area_m2"] - row["width_m"] * 2 < -1),
        ("area_m2 / width_m > 3", lambda row: row["area_m2"] / row["width_m"] > 3),
        ("area_m2 % 2 = 1.5", lambda row: row["area_m2"] % 2 == 1.5),
        ("area_m2 div 3 = 2", lambda row: row["area_m2"] // 3 == 2),
        ("width_m ^ 2 = 49", lambda row: row["width_m"] ** 2 == 49),
        ("-area_m2 = 3.25", lambda row: row["area_m2"] == -3.25),
        ("(area_m2 + 1) * 2 > width_m ^ 2 + 1", lambda row: (row["area_m2"] + 1) * 2 > row["width_m"] ** 2 + 1),
        ("A_EQUALS(ids, ('a', 'b'))", lambda row: row["ids"] == ["a", "b"]),
        ("A_CONTAINS(ids, ('a', 'b'))", lambda row: {"a", "b"} <= set(row["ids"])),
        ("A_CONTAINEDBY(ids, ('a', 'b'))", lambda row: set(row["ids"]) <= {"a", "b"}),
        ("A_OVERLAPS(ids, ('b', 'it''s'))", lambda row: set(row["ids"]) & {"b", "it's"}),
        ("first_seen_at > DATE('2024-05-04')", lambda row: row["first_seen_at"] >= moment(3, 16)),
        ("first_seen_at <= DATE('2024-05-04')", lambda row: row["first_seen_at"] < moment(3, 16)),
        (
            "first_seen_at BETWEEN '2024-05-02' AND '2024-05-04'",
            lambda row: moment(0, 16) <= row["first_seen_at"] < moment(3, 16),
        ),
    ],
)  # fmt: skip
def test_a_condition_means_what_it_says(features: Features, text: str, test: Callable[[Row], Any]) -> None:
    expected = where(test)
    assert both(features, text) == expected
    assert expected or "NULL" in text, "a test that chooses nothing tests nothing"


PERIOD = tuple[datetime, datetime]
ALLEN: dict[str, Callable[[PERIOD, PERIOD], bool]] = {
    "T_AFTER": lambda a, b: a[0] > b[1],
    "T_BEFORE": lambda a, b: a[1] < b[0],
    "T_CONTAINS": lambda a, b: a[0] < b[0] and a[1] > b[1],
    "T_DISJOINT": lambda a, b: a[0] > b[1] or a[1] < b[0],
    "T_DURING": lambda a, b: a[0] > b[0] and a[1] < b[1],
    "T_EQUALS": lambda a, b: a == b,
    "T_FINISHEDBY": lambda a, b: a[0] < b[0] and a[1] == b[1],
    "T_FINISHES": lambda a, b: a[0] > b[0] and a[1] == b[1],
    "T_INTERSECTS": lambda a, b: a[0] <= b[1] and a[1] >= b[0],
    "T_MEETS": lambda a, b: a[1] == b[0],
    "T_METBY": lambda a, b: a[0] == b[1],
    "T_OVERLAPPEDBY": lambda a, b: b[0] < a[0] < b[1] < a[1],
    "T_OVERLAPS": lambda a, b: a[0] < b[0] < a[1] < b[1],
    "T_STARTEDBY": lambda a, b: a[0] == b[0] and a[1] > b[1],
    "T_STARTS": lambda a, b: a[0] == b[0] and a[1] < b[1],
}
EDGES = [moment(day, hour) for day, hour in ((1, 0), (2, 0), (3, 0), (3, 3), (5, 0), (6, 5), (7, 0), (8, 6))]
FAR = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("function", ALLEN)
def test_temporal_functions(features: Features, function: str) -> None:
    """An interval of two columns against a written one, whichever stands first; and moments against days."""
    relation, some = ALLEN[function], set()
    for first in EDGES:
        for last in [edge for edge in EDGES if edge > first]:
            written = f"INTERVAL('{first.isoformat()}', '{last.isoformat()}')"
            own = "INTERVAL(first_seen_at, last_seen_at)"
            straight = where(lambda row, b=(first, last): relation((row["first_seen_at"], row["last_seen_at"]), b))
            turned = where(lambda row, a=(first, last): relation(a, (row["first_seen_at"], row["last_seen_at"])))
            assert chosen(features, f"{function}({own}, {written})") == straight
            assert chosen(features, f"{function}({written}, {own})") == turned
            some |= straight
    assert some, "no row in this relation"
    day = (moment(1, 16), moment(2, 16) - timedelta(microseconds=1))
    assert both(features, f"{function}(last_seen_at, DATE('2024-05-03'))") == where(
        lambda row: relation((row["last_seen_at"],) * 2, day)
    )
    assert both(features, f"{function}(first_seen_at, INTERVAL('..', '2024-05-04T00:00:00Z'))") == where(
        lambda row: relation((row["first_seen_at"],) * 2, (FAR[0], moment(3)))
    )


SPATIAL = ["intersects", "equals", "disjoint", "touches", "within", "overlaps", "crosses", "contains"]


@pytest.mark.parametrize("name", SPATIAL)
def test_spatial_functions(features: Features, name: str) -> None:
    """Every shape against every other, the layer's on either side, against shapely."""
    some = set()
    for other in [shape for shape in SHAPES if shape]:
        written = shapely.from_wkt(other)
        straight = where(lambda row, b=written: row["geom"] is not None and getattr(row["geom"], name)(b))
        turned = where(lambda row, a=written: row["geom"] is not None and getattr(a, name)(row["geom"]))
        assert both(features, f"S_{name.upper()}(geometry, {other})") == straight
        assert both(features, f"S_{name.upper()}({other}, geometry)") == turned
        some |= straight
    assert some
    box = shapely.box(0.5, 0.5, 2.5, 2.5)
    assert both(features, f"S_{name.upper()}(geometry, BBOX(0.5, 0.5, 2.5, 2.5))") == where(
        lambda row: row["geom"] is not None and getattr(row["geom"], name)(box)
    )


def test_what_is_declared_is_what_is_tested_here() -> None:
    declared = {uri.rsplit("/", 1)[1] for uri in CONFORMANCE if "/cql2/" in uri}
    assert declared == {
        "cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators", "case-insensitive-comparison",
        "basic-spatial-functions", "basic-spatial-functions-plus", "spatial-functions", "temporal-functions",
        "array-functions", "property-property", "arithmetic",
    }  # fmt: skip
