"""What looks like a person in a text is told from codes and numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.loading.personal_data import masked, personal_data

CHINESE = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("联系人13812345678", "mobile"),
        ("１３８１２３４５６７８", "mobile"),
        ("+86 139-1234-5678 找", "mobile"),
        ("8613812345678", "mobile"),
        ("身份证11010519491231002X", "identity"),
        ("321283199001010018", "identity"),
        ("苏MA12345", "plate"),
        ("违停 苏M·8K123", "plate"),
        ("321283001001001", None),
        ("32128300001310000001", None),
        ("321283138123456", None),
        ("12812345678", None),
        ("黄桥镇第138网格", None),
        ("2024030508300012", None),
        ("202403050830001234", None),
    ],
)
def test_what_looks_like_a_person_is_told_from_codes(text: str, kind: str | None) -> None:
    assert personal_data(text) == kind


def test_a_number_of_a_case_may_hold_county_and_day() -> None:
    assert personal_data("321283202403050001", is_number=True) is None
    assert personal_data("11010519491231002X", is_number=True) == "identity"
    assert personal_data("110105194912310021", is_number=True) is None


@given(st.integers(13 * 10**9, 2 * 10**10 - 1), CHINESE)
def test_no_mobile_number_slips_through_and_none_is_repeated(number: int, word: str) -> None:
    text = f"{word}{number}{word}"
    assert personal_data(text) == "mobile"
    assert str(number) not in masked(text)
