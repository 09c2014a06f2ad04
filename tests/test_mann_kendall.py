"""Mann-Kendall against published values and counting by hand."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from geo.hotspots.mann_kendall import mann_kendall


def with_score(score: int, length: int) -> list[float]:
    """Different values whose pairs rise ``score`` times more often than they fall."""
    falling = (length * (length - 1) // 2 - score) // 2
    left, out = list(range(length)), []
    for place in range(length):
        step = min(falling, length - place - 1)
        out.append(left.pop(step))
        falling -= step
    return [float(value) for value in out]


def digits(text: str) -> int:
    """Significant digits of a printed number."""
    return len(text.split("e")[0].replace("-", "").replace(".", "").lstrip("0"))


def test_published_values_to_their_printed_digits(shared: Path) -> None:
    text = (shared / "data" / "gi_star" / "reference.json").read_text("utf-8")
    rows = json.loads(text, parse_float=str)["mann_kendall_published"]
    assert len(rows) == 5
    for row in rows:
        trend = mann_kendall([with_score(row["S"], row["n"])])
        assert trend.s.tolist() == [row["S"]]
        assert trend.variance.tolist() == [row["varS"]]
        for known, found in ((str(row["tau"]), trend.tau[0]), (row["p"], trend.p[0])):
            assert float(f"{found:.{digits(known)}g}") == float(known)


@given(st.lists(st.lists(st.integers(0, 4), min_size=7, max_size=7), min_size=1, max_size=4))
def test_pairs_counted_by_hand_and_tau_of_scipy(rows: list[list[int]]) -> None:
    trend = mann_kendall(rows)
    for place, row in enumerate(rows):
        assert trend.s[place] == sum((later > now) - (later < now) for now, later in combinations(row, 2))
        tau = stats.kendalltau(np.arange(7), row).statistic
        assert trend.tau[place] == pytest.approx(0.0 if np.isnan(tau) else tau)
        groups = np.unique(row, return_counts=True)[1]
        assert trend.variance[place] == pytest.approx(
            (7 * 6 * 19 - (groups * (groups - 1) * (2 * groups + 5)).sum()) / 18
        )


def test_ties_as_the_exact_distribution_has_them() -> None:
    """The variance with ties is that over all orders of the values."""
    from itertools import permutations

    values = [0, 0, 1, 2, 2, 2]
    scores = mann_kendall([list(order) for order in permutations(values)]).s
    assert mann_kendall([values]).variance[0] == pytest.approx((scores.astype(float) ** 2).mean())


def test_direction_needs_significance() -> None:
    rising = list(range(10))
    trend = mann_kendall([rising, rising[::-1], [1.0] * 10, [1, 0] * 5])
    assert trend.direction(0.05).tolist() == [1, -1, 0, 0]
    assert trend.direction(1e-9).tolist() == [0, 0, 0, 0]
    assert mann_kendall([[5.0]]).p.tolist() == [1.0]
