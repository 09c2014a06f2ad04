"""Empirical Bayes rates: another library's values, a case by hand, and what shrinking means; neighbours by hand."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from h3.api import basic_int
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InvalidInput
from geo.hotspots.empirical_bayes import rates, shrunken_rates
from geo.hotspots.neighbours import touching, within_distance, within_rings

SQUARE = [(i % 3, i // 3) for i in range(9)]
CASES = np.array([3, 0, 12, 70, 1, 25, 9, 40, 30])
PEOPLE = np.array([400, 150, 2500, 900, 60, 3100, 1800, 700, 5200])
# esda 2.9.0, Empirical_Bayes and Spatial_Empirical_Bayes with queen contiguity on the 3 x 3 lattice
TOWARDS_ALL = [
    0.007910361, 0.002334718, 0.004905764, 0.075455675, 0.015295144, 0.00811526, 0.005142505, 0.055126441, 0.005814249,
]  # fmt: skip
TOWARDS_NEIGHBOURS = [
    0.011659443, 0.00248113, 0.006414991, 0.076166012, 0.015295144, 0.008088005, 0.00555617, 0.055296734, 0.005823701,
]  # fmt: skip


def test_equal_to_another_library() -> None:
    assert shrunken_rates(CASES, PEOPLE).round(9).tolist() == TOWARDS_ALL
    queen = within_distance(SQUARE, 1.5)
    assert shrunken_rates(CASES, PEOPLE, queen).round(9).tolist() == TOWARDS_NEIGHBOURS


def test_where_nobody_lives_and_where_nothing_varies() -> None:
    # three places of rate 0.01, 0.05 and nobody: the mean of those with people
    found = shrunken_rates([1, 50, 0], [100, 1000, 0])
    assert found[2] == pytest.approx(51 / 1100)
    assert rates([1, 50, 0], [100, 1000, 0]).tolist() == [0.01, 0.05, 0.0]
    # less spread than chance alone makes: nothing is left of the differences
    assert shrunken_rates([1, 2, 3], [100, 200, 300]).tolist() == pytest.approx([0.01] * 3)
    assert shrunken_rates([0, 0], [0, 0]).tolist() == [0.0, 0.0]


@given(st.data(), st.integers(2, 8))
def test_a_rate_moves_towards_its_mean_and_never_past_it(data: st.DataObject, count: int) -> None:
    cases = np.array(data.draw(st.lists(st.integers(0, 50), min_size=count, max_size=count)), dtype=float)
    people = np.array(data.draw(st.lists(st.integers(1, 500), min_size=count, max_size=count)), dtype=float)
    near = within_distance(np.arange(2 * count).reshape(-1, 2), 3.0)
    for weights, mean in ((None, cases.sum() / people.sum()), (near, (near @ cases) / (near @ people))):
        raw, found = rates(cases, people), shrunken_rates(cases, people, weights)
        low, high = np.minimum(raw, mean), np.maximum(raw, mean)
        assert ((found >= low - 1e-9) & (found <= high + 1e-9)).all()
    # each step of time by itself
    both = shrunken_rates(np.column_stack((cases, cases[::-1])), people)
    assert np.allclose(both[:, 0], shrunken_rates(cases, people))
    assert np.allclose(both[:, 1], shrunken_rates(cases[::-1], people))


def test_what_is_no_count_is_refused() -> None:
    for cases, people, key in (
        ([1.0, -1.0], [1, 1], "hotspots.negative"),
        ([1.0, 1.0], [1, np.nan], "hotspots.negative"),
        ([1.0, 1.0], [1, 1, 1], "hotspots.people"),
    ):
        with pytest.raises(InvalidInput) as refused:
            shrunken_rates(cases, people)
        assert refused.value.key == key


# --- neighbours


def test_squares_that_touch() -> None:
    squares = np.array([shapely.box(x, y, x + 1, y + 1) for x, y in SQUARE])
    queen = touching(squares, 0.1).toarray()
    assert queen.tolist() == within_distance(SQUARE, 1.5).toarray().tolist()
    assert queen[4].tolist() == [1.0] * 9
    # a crumb of a gap between two grids is no border of the city
    apart = np.array([shapely.box(0, 0, 1, 1), shapely.box(1.2, 0, 2, 1), shapely.box(3, 0, 4, 1)])
    assert touching(apart, 0.5).toarray().tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]


def test_rings_of_cells() -> None:
    middle = basic_int.latlng_to_cell(32.17, 120.05, 9)
    cells = sorted(basic_int.grid_disk(middle, 3))
    near = within_rings(cells, 2)
    assert (near != near.T).nnz == 0
    for cell, row in zip(cells, near.toarray(), strict=True):
        reached = {other for other, one in zip(cells, row, strict=True) if one}
        assert reached == {other for other in cells if basic_int.grid_distance(cell, other) <= 2}
    assert within_rings(cells, 0).toarray().tolist() == np.eye(len(cells)).tolist()
    assert within_rings([], 1).shape == within_distance([], 1.0).shape == (0, 0)


def test_no_neighbourhood_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"hotspots\.distance"):
        within_distance(SQUARE, 0)
    with pytest.raises(InvalidInput, match=r"hotspots\.rings"):
        within_rings([1], -1)
