"""Filters that can't be taken: each is refused with words, none reaches the database as anything but a value."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from geo.errors import InvalidInput
from layers.catalogue.catalogue import CATALOGUE
from layers.features.features import Features
from layers.features.items_request import parse_items_request
from layers.identity import Identity, acting
from layers.texts import say

GRIDS = CATALOGUE["grids"]
NAMED = {"property": "name"}
PLACED = {"property": "geometry"}


def nested(times: int) -> dict[str, Any]:
    tree: dict[str, Any] = {"op": "=", "args": [NAMED, "x"]}
    for _ in range(times):
        tree = {"op": "not", "args": [tree]}
    return tree


TEXTS = {
    "query.filter": [
        "", ";", "name =", "= 1", "name = 'x", "name == 'x'", "((((", "NOT", "name = 'a' AND", "population BETWEEN 1",
        "population IN ()", "name = 'x'; drop table wangge.cases", "S_INTERSECTS(geometry, 'x')",
        "S_INTERSECTS(geometry)",
        "S_INTERSECTS(geometry, POINT(1))", "S_INTERSECTS(geometry, POINT EMPTY)",
        "S_INTERSECTS(geometry, BBOX(1,2,3))",
        "S_INTERSECTS(geometry, POLYGON((0 0,1 1,0 1,1 0,0 0)))", "S_INTERSECTS(geometry, POLYGON((0 0,1 1)))",
        "T_AFTER(valid_from, 5)", "T_AFTER(valid_from)", "BBOX(1,2,3,4) = geometry", "name = ('a', 'b')",
    ],
    "query.property": [
        "nope = 1", "fid = 1", "nope IS NULL", "geometry = POINT(1 2)", '"name"" or 1=1 --" = \'x\'', "name = y",
    ],
    "query.filter-boolean": ["name", "population", "NOT name", "kind AND name = 'x'"],
    "query.filter-types": [
        "population = 'x'", "name = 3", "population = TRUE", "name < population", "population BETWEEN 'a' AND 'b'",
        "population IN ('a')", "name IN ('a', 3)", "valid_from > 5", "name = DATE('2024-01-01')", "TRUE = 1",
    ],
    "query.filter-null": ["population = NULL", "NULL = NULL", "name <> NULL", "population IN (1, NULL)"],
    "query.filter-argument": [
        "name LIKE 3", "population LIKE '9%'", "CASEI(population) = 'x'", "population + name > 3",
        "population + 'x' > 3",
        "A_CONTAINS(name, ('x'))", "T_AFTER(name, DATE('2024-01-01'))", "valid_from + 1 = valid_to",
    ],
    "query.filter-function": [
        "nofunc(name) = 1", "NOW() = 1", "pg_sleep(10) = 1", "pg_read_file('/etc/passwd') = 'x'", "ACCENTI(name) = 'x'",
        "S_DWITHIN(geometry, POINT(1 2), 5)", "set_config('wangge.role', 'admin', false) = 'admin'", "version() = 'x'",
    ],
    "query.filter-geometry": [
        "S_INTERSECTS(name, POINT(1 2))", "S_INTERSECTS(geometry, geometry)", "S_EQUALS(POINT(1 2), POINT(1 2))",
    ],
    "query.datetime": [
        "valid_from > TIMESTAMP('x')", "valid_from = 'not a day'", "T_AFTER(valid_from, DATE('2024-13-01'))",
    ],
    "query.filter-deep": ["NOT (" * 70 + "name = 'x'" + ")" * 70, "(" * 500 + "TRUE" + ")" * 500],
    "query.filter-long": ["name = '" + "网" * 20_000 + "'"],
    "query.nul": ["name = '\x00'"],
}  # fmt: skip
TREES: list[Any] = [
    {}, [], 5, "x", None, {"op": "and", "args": []}, {"op": "or", "args": []}, {"op": "and"}, {"op": "=", "args": []},
    {"op": "=", "args": [1]}, {"op": "=", "args": [1, 2, 3]}, {"op": "=", "args": [NAMED, None]}, {"op": "not",
    "args": []},
    {"op": "=", "args": [{"property": 5}, 1]}, {"op": "=", "args": [NAMED, {"x": 1}]}, {"op": "=", "args": [NAMED,
    ["a"]]},
    {"op": "in", "args": [NAMED, "x"]}, {"op": "in", "args": [NAMED, []]}, {"op": "like", "args": [NAMED, None]},
    {"op": "drop table", "args": []}, {"op": "= 1 or 1", "args": [NAMED, "x"]}, {"op": "+", "args": [1, 2]},
    {"op": "s_intersects", "args": [PLACED, {"type": "Point", "coordinates": []}]},
    {"op": "s_intersects", "args": [PLACED, {"type": "Point", "coordinates": ["a", "b"]}]},
    {"op": "s_intersects", "args": [PLACED, {"type": "Point", "coordinates": [1e400, 2]}]},
    {"op": "s_intersects", "args": [PLACED, {"bbox": ["a", 2, 3, 4]}]}, {"op": "s_intersects", "args": [PLACED, None]},
    {"op": "t_after", "args": [{"property": "valid_from"}, {"interval": [None, None]}]},
    {"op": "t_after", "args": [{"property": "valid_from"}, {"interval": [NAMED, ".."]}]},
    {"op": "=", "args": [{"property": "population"}, 10**400]}, {"op": "casei", "args": ["x"]}, nested(100),
    nested(350),
    {"op": "isNull", "args": [NAMED, NAMED]}, {"op": "between", "args": [{"property": "population"}, [1, 2]]},
]  # fmt: skip


@pytest.fixture(scope="module")
def features(city: Any) -> Features:
    return Features(city.api)


def ask(features: Features, filter_: str, language: str = "cql2-text") -> int:
    request = parse_items_request(GRIDS, {"filter": filter_, "filter-lang": language, "resulttype": "hits"})
    with acting(Identity("admin")):
        return features.page(GRIDS, request).matched


@pytest.mark.parametrize(
    ("key", "text"), [(key, text) for key, texts in TEXTS.items() for text in texts], ids=lambda part: part[:40]
)
def test_a_text_is_refused_with_the_reason(key: str, text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_items_request(GRIDS, {"filter": text, "filter-lang": "cql2-text"})
    assert refused.value.key == key
    for language in ("zh", "en"):
        said = say(key, language, **refused.value.values)
        assert "object has no attribute" not in said
        assert len(said) < 900


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: json.dumps(tree)[:40])
def test_a_tree_is_refused(tree: Any) -> None:
    with pytest.raises(InvalidInput):
        parse_items_request(GRIDS, {"filter": json.dumps(tree), "filter-lang": "cql2-json"})


@pytest.mark.parametrize(
    ("text", "language"), [("name='x'", "sql"), ("name='x'", "cql2-json"), ("{", None), ("{}", "cql2-text")]
)
def test_the_language_has_to_be_one_of_two(text: str, language: str | None) -> None:
    with pytest.raises(InvalidInput):
        parse_items_request(GRIDS, {"filter": text} | ({"filter-lang": language} if language else {}))


@pytest.mark.parametrize(
    "text",
    ["population ^ 1e9 > 1", "(-1) ^ 0.5 = 1", "1e308 * 10 > population", "name LIKE '%\\'", "area_m2 * 1e308 > 1"],
)
def test_what_only_the_database_can_refuse_is_refused_with_words_too(features: Features, text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ask(features, text)
    assert refused.value.key == "query.data"


@pytest.mark.parametrize(
    "value",
    [
        "x' OR '1'='1", "'; drop table wangge.grids; --", "' union select key_sha256 from wangge.keys --", "%s",
        "%(x)s",
        "%%", "$1", "\\'; --", "\\", "x\\' or 1=1 --", "{0}", "\u2019 OR 1=1", "/*", "*/ or true --", "\r\n' or '1'='1",
        "'||(select name from wangge.keys limit 1)||'", "\ufeff'", "𠮷' or true --",
    ],
)  # fmt: skip
def test_a_value_that_looks_like_sql_is_a_value(features: Features, value: str) -> None:
    """No row has such a name, so none is found, by whichever way the value comes in; and the table still stands."""
    quoted = value.replace("'", "''")
    assert ask(features, f"name = '{quoted}'") == 0
    assert ask(features, json.dumps({"op": "=", "args": [NAMED, value]}), "cql2-json") == 0
    assert ask(features, json.dumps({"op": "in", "args": [NAMED, [value]]}), "cql2-json") == 0
    assert ask(features, json.dumps({"op": "=", "args": [{"op": "casei", "args": [NAMED]}, value]}), "cql2-json") == 0
    with acting(Identity("admin")):
        assert features.page(GRIDS, parse_items_request(GRIDS, {"name": value})).matched == 0
        for where in ("sortby", "properties"):
            with pytest.raises(InvalidInput):
                parse_items_request(GRIDS, {where: value})
        with pytest.raises(InvalidInput):
            parse_items_request(GRIDS, {"filter": json.dumps({"op": "=", "args": [{"property": value}, 1]})})
    assert ask(features, "TRUE") == 1412


WORDS = st.sampled_from(
    re.split(
        r"\s+",
        """name population valid_from geometry kind AND OR NOT ( ) = <> < >= + - * / % ^ div , 'x' 'it''s' 1 -2.5 1e9
        TRUE FALSE NULL IS IN LIKE BETWEEN CASEI( S_INTERSECTS( T_AFTER( A_CONTAINS( POINT(120 32) " ; -- ' % $1
        BBOX(119,31,121,33) DATE('2024-01-01') INTERVAL('..','..')""",
    )
)


@given(st.one_of(st.lists(WORDS, max_size=14).map(" ".join), st.text(max_size=40)))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("name IS NOT NULL AND NOT NOT (population > 1)")
def test_any_filter_is_answered_or_refused(features: Features, text: str) -> None:
    try:
        found = ask(features, text)
    except InvalidInput:
        return
    assert 0 <= found <= 1412
