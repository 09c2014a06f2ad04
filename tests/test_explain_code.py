"""The process explain-code: the parts of a code in both languages, with the names that the database knows."""

import pytest

from geo.errors import InvalidInput
from layers.database.database import bind
from layers.texts import say
from processes.codes.explain_code import ExplainCode


def run(**inputs):
    return ExplainCode().execute(inputs)[1]


@pytest.fixture
def sample(city):
    bind(city.api)
    return city


def test_names_of_the_divisions_come_from_the_city(sample):
    with sample.transaction() as cur:
        cur.execute(
            "select grids.code, county.name, township.name, village.name from wangge.grids"
            " join wangge.divisions as village on village.code = grids.village_code"
            " join wangge.divisions as township on township.code = village.parent_code"
            " join wangge.divisions as county on county.code = township.parent_code order by grids.code limit 1"
        )
        code, *names = cur.fetchone()
    answer = run(code=code)
    assert [segment["name"] for segment in answer["segments"]] == [*names, None]
    assert "".join(segment["digits"] for segment in answer["segments"]) == code
    assert [segment["division_code"] for segment in answer["segments"]] == [code[:6], code[:9], code[:12], None]
    assert [(segment["first"], segment["last"]) for segment in answer["segments"]] == [
        (1, 6), (7, 9), (10, 12), (13, 15)]
    assert answer["known"] is True
    assert all(name in answer["zh"] and name in answer["en"] for name in names)


def test_example_runs(sample):
    answer = run(**ExplainCode.example)
    assert (answer["scheme"], answer["kind"], answer["serial"]) == ("villages-15", "social", 1)
    assert answer["zh"].endswith("综合网格，顺序码 001")
    assert answer["en"].endswith("social-governance grid, serial 001")


def test_without_names_the_words_stand_alone(db):
    bind(db.api)
    answer = run(code="321283600799500")
    assert answer["known"] is False
    assert answer["kind"] is None
    assert [segment["zh"] for segment in answer["segments"]] == [
        "县级行政区划代码 321283", "乡级代码 600，类别不明", "村级代码 799，类别不明",
        "顺序码 500，不属于任何类别的号段"]
    assert [segment["en"] for segment in answer["segments"]] == [
        "county-level division 321283", "township-level number 600, of no known class",
        "village-level number 799, of no known class", "serial 500, in the block of no kind of grid"]


@pytest.mark.parametrize(("scheme", "code", "kind", "words"), [
    ("villages-15", "321283100201501", "dedicated", "专属网格，顺序码 501"),
    ("villages-15-d900", "321283100201501", "social", "综合网格，顺序码 501"),
    ("cjt349-20", "01000032128310020107", "social", "综合网格，顺序码 07"),
    ("cjt349-20", "01000032128310060100", "social", "未细分的整个社区（顺序码 00）"),
])
def test_a_scheme_says_what_the_digits_mean(db, scheme, code, kind, words):
    bind(db.api)
    answer = run(code=code, scheme=scheme)
    assert (answer["scheme"], answer["kind"]) == (scheme, kind)
    assert answer["zh"].endswith(words)
    assert len(answer["segments"]) == (5 if scheme == "cjt349-20" else 4)


@pytest.mark.parametrize(("inputs", "key"), [
    ({"code": "3212831002010O7"}, "code.wrong-serial"),
    ({"code": "32128310020100"}, "code.wrong-serial"),
    ({"code": "3212831002010011"}, "code.too-long"),
    ({"code": "321283100000001"}, "code.no-village"),
    ({"code": "321283100201001", "scheme": "x"}, "code.unknown-scheme"),
    ({"code": 321283100201001}, "process.input"),
    ({}, "process.input"),
])
def test_what_is_no_code_is_told_where(db, inputs, key):
    bind(db.api)
    with pytest.raises(InvalidInput) as caught:
        run(**inputs)
    assert caught.value.key == key
    for language in ("zh", "en"):
        assert say(key, language, **caught.value.values)
