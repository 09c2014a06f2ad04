"""The bandwidth that follows from the cases: by hand, against scipy's factor, and what must hold of any."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import gaussian_kde

from geo.heat.bandwidth import rule_of_thumb_m

METRES = st.integers(-20_000, 20_000)
PLACES = st.lists(st.tuples(METRES, METRES), min_size=2, max_size=40)


def test_by_hand() -> None:
    """Corners of a square: standard deviation 300 along both axes, quartiles 600 apart, four cases."""
    assert rule_of_thumb_m([0, 0, 600, 600], [0, 600, 0, 600]) == pytest.approx(300 * 4 ** (-1 / 6), abs=0.01)
    assert rule_of_thumb_m([5], [5]) == rule_of_thumb_m([], []) == rule_of_thumb_m([5, 5, 5], [1, 1, 1]) == 0


def test_on_one_round_hill_it_is_scotts() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(0, 900, (2, 20_000))
    scott = gaussian_kde([x, y], "scott").factor * np.sqrt((x.var() + y.var()) / 2)
    assert rule_of_thumb_m(x, y) == pytest.approx(scott, rel=0.02)
    far = np.full(100, 90_000.0)
    assert rule_of_thumb_m(np.r_[x, far], np.r_[y, far]) == pytest.approx(scott, rel=0.03), "a few far ones don't tell"


@given(places=PLACES, scale=st.integers(1, 50), moved=METRES, turned=st.randoms(use_true_random=False))
def test_it_scales_with_the_ground_and_hangs_on_no_order(places: list[tuple[int, int]], scale: int, moved: int,
                                                         turned: object) -> None:
    x, y = np.array(places, dtype=float).T
    found = rule_of_thumb_m(x, y)
    assert rule_of_thumb_m(scale * x + moved, scale * y - moved) == pytest.approx(scale * found, abs=0.006 * scale)
    order = list(range(len(places)))
    turned.shuffle(order)  # type: ignore[attr-defined]  # a Random of hypothesis's
    assert rule_of_thumb_m(x[order], y[order]) == pytest.approx(found, abs=0.02)
    assert rule_of_thumb_m(y, x) == found


@given(places=PLACES, data=st.data())
def test_a_weight_is_so_many_cases_in_one_place(places: list[tuple[int, int]], data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.integers(1, 5), min_size=len(places), max_size=len(places)))
    x, y = np.array(places, dtype=float).T
    assert rule_of_thumb_m(x, y, weights) == pytest.approx(
        rule_of_thumb_m(np.repeat(x, weights), np.repeat(y, weights)), rel=1e-6, abs=0.011
    )
