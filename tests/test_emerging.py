"""Emerging hot spots: a series made by hand for each of the 17 classes, those at exactly 90 %, and the mirror."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from geo.errors import InvalidInput
from geo.hotspots.emerging import CLASSES, class_names, emerging

# + hot, - cold, . neither; then the trend of Gi*
HOT = {
    "new": ("...........+", 0),
    "consecutive": ("........++++", 0),
    "intensifying": (".+++++++++++", 1),
    "persistent": ("+++++.++++++", 0),
    "diminishing": ("++++++++++++", -1),
    "sporadic": ("..+.++.....+", 0),
    "oscillating": ("..--..+....+", 0),
    "historical": ("+++++++++++.", 0),
}


def classed(*series: tuple[str, int]) -> list[str]:
    level = np.array([[{"+": 1, "-": -1, ".": 0}[sign] for sign in signs] for signs, _ in series])
    return class_names(emerging(level, np.array([way for _, way in series])))


def mirrored(signs: str, way: int) -> tuple[str, int]:
    return signs.translate(str.maketrans("+-", "-+")), -way


def test_seventeen_classes() -> None:
    assert len(set(CLASSES)) == 17
    series = [("............", 0), *HOT.values(), *(mirrored(*one) for one in HOT.values())]
    assert classed(*series) == list(CLASSES)


@pytest.mark.parametrize(
    ("signs", "way", "found"),
    [
        # 9 of 10 steps are exactly 90 %: nearly always
        (".+++++++++", 0, "persistent-hot"),
        (".+++++++++", 1, "intensifying-hot"),
        (".+++++++++", -1, "diminishing-hot"),
        ("-+++++++++", 0, "persistent-hot"),
        ("+++++++++.", 0, "historical-hot"),
        ("+++++++++.", 1, "historical-hot"),
        # 8 of 10 are not
        ("..++++++++", 1, "consecutive-hot"),
        (".+.+++++++", 1, "sporadic-hot"),
        ("-+.+++++++", 1, "oscillating-hot"),
        ("++++++++..", 0, "none"),
        # 18 of 20 are, 17 are not, and 18 of 21 are not
        ("+.+.++++++++++++++++", 0, "persistent-hot"),
        ("+.+..+++++++++++++++", 0, "sporadic-hot"),
        ("+.+..++++++++++++++++", 0, "sporadic-hot"),
        ("..++++++++++++++++++.", 0, "none"),
        # 27 of 30: in floating point 27 / 30 is 0.9, and 9 / 10 * 30 is 27.0
        ("..." + "+" * 27, 0, "persistent-hot"),
        ("...." + "+" * 26, 0, "consecutive-hot"),
    ],
)
def test_at_ninety_percent(signs: str, way: int, found: str) -> None:
    assert classed((signs, way)) == [found]
    other = found.replace("hot", "cold")
    assert classed(mirrored(signs, way)) == [other]


@pytest.mark.parametrize(
    ("signs", "found"),
    [
        # hot for the first time goes before an old cold; what is now goes before what was
        ("---------+", "new-hot"),
        ("++++++++++++-", "new-cold"),
        ("--------++", "consecutive-hot"),
        ("+-.......+", "oscillating-hot"),
        # hot on and off, but not in the last step: nothing that lasts
        ("+.+.+.+.+.", "none"),
        ("+", "new-hot"),
    ],
)
def test_where_two_definitions_hold(signs: str, found: str) -> None:
    assert classed((signs, 0)) == [found]


@given(
    arrays.arrays(np.int8, st.tuples(st.integers(1, 20), st.integers(1, 24)), elements=st.integers(-1, 1)), st.data()
)
def test_cold_mirrors_hot_and_names_say_the_last_step(level: np.ndarray, data: st.DataObject) -> None:
    way = data.draw(arrays.arrays(np.int8, len(level), elements=st.integers(-1, 1)))
    found = emerging(level, way)
    assert emerging(-level, -way).tolist() == (-found).tolist()
    for signs, number in zip(level, found.tolist(), strict=True):
        name = class_names([number])[0]
        if signs[-1]:
            assert name.endswith("hot" if signs[-1] > 0 else "cold")
        else:
            assert name.startswith(("none", "historical"))


def test_strange_shapes_are_refused() -> None:
    for level, way in ((np.zeros((3, 0)), np.zeros(3)), (np.zeros((3, 2)), np.zeros(2)), (np.zeros(3), np.zeros(3))):
        with pytest.raises(InvalidInput, match=r"hotspots\.steps"):
            emerging(level, way)
