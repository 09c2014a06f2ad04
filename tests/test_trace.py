"""Codes followed through a lineage: by hand, and what must hold for any history of ground."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from test_lineage import METRES, division, places

from geo.changes.lineage import derive_lineage
from geo.changes.trace import Step, carry, carry_counts, trace


def step(day: int, before: str | None, after: str | None, of_before: float, of_after: float, op: str = "split") -> Step:
    return Step(date(2024, 1, day), day, before, after, of_before, of_after, op)


HISTORY = [
    step(10, "a", "a", 0.95, 1.0, "keep"),
    step(10, "a", "b", 0.05, 0.25, "transfer"),
    step(10, "c", "b", 1.0, 0.75, "merge"),
    step(20, "b", "d", 0.5, 1.0),
    step(20, "b", "e", 0.25, 0.5),
    step(20, "b", None, 0.25, 0.0, "retire"),
    step(20, None, "e", 0.0, 0.5, "new"),
]
BEGIN, MIDDLE, END = date(2024, 1, 1), date(2024, 1, 15), date(2024, 2, 1)


def test_forwards_and_backwards_with_shares() -> None:
    found = trace("a", HISTORY, BEGIN, END)
    assert found.shares == pytest.approx({"a": 0.95, "d": 0.025, "e": 0.0125}) and found.nobody == 0.0125
    assert [(s.before, s.after) for s in found.path] == [("a", "a"), ("a", "b"), ("b", "d"), ("b", "e"), ("b", None)]
    back = trace("e", HISTORY, END, BEGIN)
    assert back.shares == {"c": 0.375, "a": 0.125} and back.nobody == 0.5
    assert trace("a", HISTORY, BEGIN, MIDDLE).shares == {"a": 0.95, "b": 0.05}
    assert trace("a", HISTORY, MIDDLE, END).shares == {"a": 1.0}
    assert trace("x", HISTORY, BEGIN, END).shares == {"x": 1.0}


def test_the_day_of_a_publication_has_the_new_map() -> None:
    day = date(2024, 1, 10)
    assert "b" in trace("c", HISTORY, day - timedelta(1), day).shares
    assert trace("b", HISTORY, day, day + timedelta(1)).shares == {"b": 1.0}
    assert trace("b", HISTORY, day, day - timedelta(1)).shares == {"c": 0.75, "a": 0.25}


def test_publications_of_one_day_follow_each_other_by_number() -> None:
    day = date(2024, 1, 10)
    steps = [Step(day, 2, "b", "c", 1, 1, "transfer"), Step(day, 1, "a", "b", 1, 1, "transfer")]
    assert trace("a", steps, BEGIN, END).shares == {"c": 1.0}
    assert trace("c", steps, END, BEGIN).shares == {"a": 1.0}


def test_links_that_the_asker_may_not_see_are_told_as_a_rest() -> None:
    found = trace("a", [step(10, "a", "b", 0.4, 1.0)], BEGIN, END)
    assert found.shares == {"b": 0.4} and found.unseen == pytest.approx(0.6) and found.nobody == 0


def test_counts_are_whole_and_their_sum_stays() -> None:
    assert carry({"a": 100, "x": 3}, HISTORY, BEGIN, END) == pytest.approx(
        {"a": 95, "d": 2.5, "e": 1.25, "x": 3, None: 1.25}
    )
    whole = carry_counts({"a": 100, "x": 3}, HISTORY, BEGIN, END)
    assert whole == {"a": 95, "d": 3, "e": 1, "x": 3, None: 1} and sum(whole.values()) == 103
    assert carry_counts({}, HISTORY, BEGIN, END) == {}


@settings(deadline=None, max_examples=30)
@given(st.lists(places, min_size=2, max_size=4), st.lists(st.integers(0, 500), min_size=12, max_size=12), st.data())
def test_any_history_conserves_ground_and_counts(maps: list[Any], counts: list[int], data: Any) -> None:
    """One map after another over the same ground, with codes that are never used again."""
    ground = shapely.box(0, 0, 1000, 1000)
    cities = [{f"{n}-{k}": s for k, s in enumerate(division(points, ground))} for n, points in enumerate(maps)]
    steps = []
    for n, (old, new) in enumerate(zip(cities, cities[1:], strict=False), start=1):
        lineage = derive_lineage(list(old), list(old.values()), list(new), list(new.values()), plane=METRES)
        steps += [
            Step(BEGIN + timedelta(n), n, k.before, k.after, k.share_of_before, k.share_of_after, k.operation)
            for k in lineage.links
        ]
    first, last = cities[0], cities[-1]
    data.draw(st.randoms(use_true_random=False)).shuffle(steps)
    for city, other, since, until in ((first, last, BEGIN, END), (last, first, END, BEGIN)):
        for code in city:
            found = trace(code, steps, since, until)
            assert sum(found.shares.values()) + found.nobody + found.unseen == pytest.approx(1, abs=1e-9)
            assert found.unseen == 0 and set(found.shares) <= set(other)
        amounts = dict(zip(city, counts, strict=False))
        assert sum(carry_counts(amounts, steps, since, until).values()) == sum(amounts.values())
    # ground that is carried along as square metres ends as the ground of the last map
    areas = Counter({code: shape.area for code, shape in first.items()})
    ended = carry(areas, steps, BEGIN, END)
    if len(cities) == 2:
        for code, shape in last.items():
            assert ended.get(code, 0.0) == pytest.approx(shape.area, abs=20_000)
    assert np.isclose(sum(ended.values()), 1e6)
