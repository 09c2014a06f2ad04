"""Indicators, points and ranks: a case by hand, numpy's and scipy's own answers, and relations that must hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from geo.errors import InvalidInput
from geo.situation.assessment import Component, check_components, points, ranks
from geo.situation.comparison import change_p, trend
from geo.situation.indicators import DAY_S, Periods, Timed, indicators
from geo.situation.quantiles import grouped_quantiles

H = 3600
PERIODS = Periods(10 * DAY_S, 20 * DAY_S, 0, 10 * DAY_S, 30 * DAY_S)


def timed(*rows: tuple[int, int | None, int, bool, bool]) -> Timed:
    """Reported (hours), closed after (hours), deadline (hours), void, found."""
    reported, took, deadline, void, found = zip(*rows, strict=True)
    at = np.array(reported, dtype=np.int64) * H
    closed = np.array([-1 if hours is None else a + hours * H for a, hours in zip(at, took, strict=True)])
    return Timed(at, closed, np.array(deadline) * H, np.array(void), np.array(found))


def test_a_grid_by_hand() -> None:
    cases = timed(
        (240, 10, 24, False, True),  # the first second of the period, in time
        (300, 30, 24, False, False),  # late
        (479, None, 24, False, True),  # the last hour, still open long after its deadline
        (400, 400, 24 * 90, False, False),  # closed after the day that is looked from: open, and not yet due
        (250, 5, 24, True, False),  # void
        (480, 1, 24, False, False),  # the end is not included
        (100, 2, 24, False, True),  # before
        (239, 2, 24, False, True),  # before
        (300, 1, 24, False, False),  # another grid's
        (300, 1, 24, False, False),  # nobody's
    )
    owner = np.array([0, 0, 0, 0, 0, 0, 0, 0, 1, -1])
    found = indicators(cases, owner, 3, PERIODS, np.array([2000.0, np.nan, 10.0]), np.array([5e5, 1e6, 1e6]))
    assert {name: values[0] for name, values in found.items()} == pytest.approx({
        "count": 4, "void_count": 1, "count_before": 2, "change": 1.0, "trend": 0, "trend_p": 44 / 64,
        "per_1000_people": 2.0, "per_km2": 8.0, "closed_share": 0.5, "closing_median_h": 20.0, "closing_p90_h": 28.0,
        "late_count": 2, "in_time_share": 1 / 3, "found_share": 0.5,
    })  # fmt: skip
    assert (found["count"][1], found["change"][1:].tolist()) == (1, pytest.approx([np.nan] * 2, nan_ok=True))
    assert np.isnan(found["per_1000_people"][1])
    nothing = {name for name, values in found.items() if np.isnan(values[2])}
    assert nothing == {
        "change", "closed_share", "closing_median_h", "closing_p90_h", "in_time_share", "found_share",
    }  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2**40 - 1)), max_size=40))
def test_quantiles_are_those_of_numpy(rows: list[tuple[int, int]]) -> None:
    groups, values = [group for group, _ in rows], [value for _, value in rows]
    found, sizes = grouped_quantiles(values, groups, 4, (0.0, 0.5, 0.9, 1.0))
    for group in range(4):
        own = [value for owner, value in rows if owner == group]
        assert sizes[group] == len(own)
        if own:
            assert found[group] == pytest.approx(np.quantile(own, [0.0, 0.5, 0.9, 1.0]))
        else:
            assert np.isnan(found[group]).all()


@given(st.integers(0, 60), st.integers(0, 60))
def test_a_change_is_tested_as_a_binomial(now: int, before: int) -> None:
    p = change_p([now], [before], 30, 30)[0]
    if now + before:
        tails = [stats.binomtest(now, now + before, 0.5, way).pvalue for way in ("less", "greater")]
        assert p == pytest.approx(min(2 * min(tails), 1.0))
    else:
        assert p == 1.0
    # half the cases in half the time are no change
    assert trend([now], [2 * now], 15, 30)[0] == 0


# --- points

RULES = (
    Component("in_time_share", 0.5, 1.0, 60),
    Component("closing_median_h", 48, 12, 30),
    Component("count", 0, 20, -20),
)


def test_points_by_hand() -> None:
    measured = {
        "in_time_share": [1.0, 0.75, 0.4, np.nan, np.nan, 0.75],
        "closing_median_h": [6.0, 30.0, 100.0, 12.0, np.nan, np.nan],
        "count": [0, 10, 40, 0, 0, 0],
    }
    total, parts = points(measured, 10, RULES)
    # the fourth has no share in time: its median alone earns all; the fifth has nothing; the sixth half of what it can
    assert total.tolist() == pytest.approx([100, 10 + 30 + 15 - 10, 0, 100, np.nan, 10 + 45], nan_ok=True)
    assert parts["in_time_share"].tolist() == pytest.approx([60, 30, 0, np.nan, np.nan, 30], nan_ok=True)
    assert parts["count"].tolist() == [0, -10, -20, 0, 0, 0]


@pytest.mark.parametrize(
    ("base", "rules", "key"),
    [
        (0, [Component("in_time_share", 0, 1, 99)], "assessment.total"),
        (-10, [Component("in_time_share", 0, 1, 110)], "assessment.total"),
        (0, [Component("in_time_share", 1, 1, 100)], "assessment.flat"),
        (50, [Component("in_time_share", 0, 1, 50), Component("count", 0, 1, 0)], "assessment.flat"),
        (0, [Component("luck", 0, 1, 100)], "assessment.indicator"),
        (0, [Component("count", 0, 1, 50), Component("count", 0, 2, 50)], "assessment.twice"),
    ],
)
def test_rules_that_mean_nothing_are_refused(base: float, rules: list[Component], key: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_components(base, rules)
    assert refused.value.key == key
    assert check_components(10, RULES) is None


@given(st.lists(st.tuples(st.sampled_from([1.0, 2.0, 3.5, np.nan]), st.integers(0, 2)), max_size=20))
def test_ranks_are_one_more_than_those_better(rows: list[tuple[float, int]]) -> None:
    found = ranks([total for total, _ in rows], [group for _, group in rows])
    for (total, group), place in zip(rows, found.tolist(), strict=True):
        better = sum(other > total and rival == group for other, rival in rows)
        assert place == (0 if np.isnan(total) else better + 1)


def test_without_components_nobody_has_points_and_nothing_fails() -> None:
    total, parts = points({"count": [1.0, 2.0, 3.0]}, 100.0, [])
    assert np.isnan(total).all()
    assert (len(total), parts) == (3, {})
