"""Codes: parts checked by hand on Taixing's real divisions, every message in both languages, and the round trip."""

import csv
import string
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.codes.code import Code, code_of, explain_code, format_code, parse_code, township_class, village_class
from geo.codes.schemes import CJT349_20, SCHEMES, VILLAGES_15, VILLAGES_15_D900, Block, CodeScheme, scheme_of
from geo.errors import InvalidInput
from layers.texts import say, texts

DIGITS = st.text("0123456789", min_size=3, max_size=3)
VILLAGES = st.builds(lambda county, town, number: f"{county:06d}{town}{number:03d}",
                     st.integers(0, 999_999), DIGITS, st.integers(1, 999))


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
@given(village=VILLAGES, data=st.data())
def test_code_of_parts_is_taken_apart_again(scheme, village, data):
    block = data.draw(st.sampled_from(scheme.blocks))
    serial = data.draw(st.integers(block.first, block.last))
    code = code_of(village, block.kind, serial, scheme)
    assert len(code) == scheme.width
    parsed = parse_code(code, scheme)
    assert (parsed.village_code, parsed.serial, scheme.kind_of(parsed.serial)) == (village, serial, block.kind)
    assert parsed.township_code == village[:9]
    assert format_code(parsed, scheme) == code


def test_twenty_digits_of_cjt_349():
    code = "01000032128310020107"
    assert parse_code(code, CJT349_20) == Code("321283", "100", "201", 7, "010000")
    assert code_of("321283100201", "social", 7, CJT349_20) == code
    # 5.7: a community that is not divided ends in 00
    assert parse_code("01000032128310020100", CJT349_20).serial == 0
    assert code_of("321283100201", "social", 0, CJT349_20) == "01000032128310020100"


@pytest.mark.parametrize(
    ("code", "key", "values"),
    [
        ("32128x100201001", "code.wrong-county", {"digits": "32128x", "first": 1, "last": 6}),
        ("3212831O0201001", "code.wrong-township", {"digits": "1O0", "first": 7, "last": 9}),
        ("3212831002-1001", "code.wrong-village", {"digits": "2-1", "first": 10, "last": 12}),
        ("321283100201", "code.wrong-serial", {"digits": "", "first": 13, "last": 15}),
        ("32128310020101", "code.wrong-serial", {"digits": "01"}),
        ("", "code.wrong-county", {"digits": ""}),
        ("321283100201００１", "code.wrong-serial", {"digits": "００１"}),
        ("321283100201٠٠١", "code.wrong-serial", {}),
        (" 21283100201001", "code.wrong-county", {}),
        ("3212831002010012", "code.too-long", {"rest": "2", "length": 16}),
        ("321283100000001", "code.no-village", {}),
        ("321283100201000", "code.zero-serial", {"digits": "000"}),
        (321283100201001, "code.not-text", {}),
    ],
)
def test_bad_code_names_the_segment(code, key, values):
    with pytest.raises(InvalidInput) as caught:
        parse_code(code)
    assert caught.value.key == key
    assert values.items() <= caught.value.values.items()
    for language in ("zh", "en"):
        assert str(caught.value.values["code"]) in say(key, language, **caught.value.values)


@given(st.text(string.digits + "x ", max_size=24))
def test_any_text_is_a_code_or_invalid_input(text):
    for scheme in SCHEMES.values():
        try:
            parsed = parse_code(text, scheme)
        except InvalidInput as error:
            assert say(error.key, "zh", **error.values)
        else:
            assert format_code(parsed, scheme) == text


def test_explanation_in_words():
    names = {"321283": "泰兴市", "321283100": "黄桥镇", "321283100201": "某村"}
    parts = explain_code("321283100201501", names=names)
    assert [part.segment for part in parts] == ["county", "township", "village", "serial"]
    words = [say(part.key, "zh", **part.values) for part in parts]
    assert words[1] == "镇 100 黄桥镇"
    assert words[2].startswith("村民委员会 201")
    assert words[3] == "专属网格，顺序码 501"
    twenty = explain_code("01000032128300160300", CJT349_20)
    assert [part.key for part in twenty] == [
        "code.object-class", "code.county", "code.township-street", "code.village-merged", "code.serial-whole-village"]


@given(village=VILLAGES, serial=st.integers(0, 999))
def test_every_explanation_has_words_in_both_languages(village, serial):
    for scheme in SCHEMES.values():
        code = ("010000" if scheme is CJT349_20 else "") + village + f"{serial:03d}"[-scheme.segments[-1].width:]
        if int(code[-scheme.segments[-1].width:]) == 0 and scheme.whole_village_serial is None:
            continue
        parts = explain_code(code, scheme)
        assert "".join(part.digits for part in parts) == code
        for part in parts:
            assert part.digits in say(part.key, "zh", **part.values)
            assert part.digits in say(part.key, "en", **part.values)


def test_classes_of_the_real_divisions(shared: Path):
    with (shared / "data/taixing/divisions_2020.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    towns = {row["name"]: township_class(row["code"][6:]) for row in rows if row["level"] == "township"}
    for name, found in towns.items():
        suffix = {"街道": "street", "镇": "town", "乡": "township"}
        assert found == next((c for end, c in suffix.items() if name.endswith(end)), "other"), name
    villages = [(row["name"], village_class(row["code"][9:])) for row in rows if row["level"] == "village"]
    assert Counter(found for _, found in villages) == {"residents": 52, "villagers": 298, "virtual": 3, "other": 6}
    assert all(found == "virtual" for name, found in villages if "虚拟社区" in name)


def test_a_code_needs_a_village_a_kind_and_its_block():
    for village in ("321283100", "321283100000", "32128310020x", "３２１２８３１００２０１"):
        with pytest.raises(InvalidInput, match="code.not-a-village"):
            code_of(village, "social", 1)
    with pytest.raises(InvalidInput, match="code.unknown-kind"):
        code_of("321283100201", "forest", 1)
    for kind, serial in (("social", 500), ("social", 501), ("dedicated", 500), ("social", 0), ("dedicated", 1000)):
        with pytest.raises(InvalidInput, match="code.outside-block"):
            code_of("321283100201", kind, serial)


def test_part_that_does_not_fit_is_refused():
    with pytest.raises(InvalidInput, match="code.wrong-serial"):
        format_code(Code("321283", "100", "201", 1000))
    with pytest.raises(InvalidInput, match="code.wrong-township"):
        format_code(Code("321283", "1000", "201", 1))


def test_schemes_are_found_by_id_and_unknown_ones_named():
    assert scheme_of("villages-15") is VILLAGES_15
    assert [VILLAGES_15.kind_of(serial) for serial in (499, 500, 501)] == ["social", None, "dedicated"]
    assert VILLAGES_15_D900.kind_of(501) == "social"
    with pytest.raises(InvalidInput) as caught:
        scheme_of("villages-16")
    assert "villages-15" in say(caught.value.key, "zh", **caught.value.values)


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("scheme.block", {"blocks": (Block("social", 1, 500), Block("dedicated", 500, 999))}),
        ("scheme.block", {"blocks": (Block("social", 1, 1000),)}),
        ("scheme.block", {"blocks": (Block("social", 0, 499),)}),
        ("scheme.object-class", {"blocks": (Block("social", 1, 499, "01"),)}),
        ("scheme.kinds", {"blocks": (Block("social", 1, 2), Block("social", 3, 4))}),
        ("scheme.kinds", {"blocks": ()}),
        ("scheme.segments", {"segments": VILLAGES_15.segments[1:]}),
        ("scheme.segments", {"segments": VILLAGES_15.segments[:-1]}),
    ],
)
def test_scheme_that_does_not_fit_together_is_refused(key, changes):
    parts = {"id": "bad", "title_zh": "", "title_en": "", "segments": VILLAGES_15.segments,
             "blocks": VILLAGES_15.blocks} | changes
    with pytest.raises(InvalidInput) as caught:
        CodeScheme(**parts)
    assert caught.value.key == key
    assert "bad" in say(key, "en", **caught.value.values)


def test_texts_of_codes_are_there_in_both_languages():
    ours = {key: text for key, text in texts().items() if key.startswith(("code.", "scheme.", "numbering."))}
    assert len(ours) > 30
    assert all(text.zh.strip() and text.en.strip() for text in ours.values())
