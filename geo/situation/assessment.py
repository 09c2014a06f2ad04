"""Points for how a unit is doing (积分考核), and ranks in which those with equal points share a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import InvalidInput

Floats = NDArray[np.float64]
MOST = 100.0
"""Points of a unit that is as good as can be in everything."""

ASSESSED = (
    "count", "void_count", "change", "per_1000_people", "per_km2", "closed_share", "closing_median_h", "closing_p90_h",
    "late_count", "in_time_share", "found_share",
)  # fmt: skip
"""Indicators that points can be given or taken for."""


@dataclass(frozen=True)
class Component:
    """Points for one indicator: none at one value, all of them at another, in proportion between, never more.

    Attributes
    ----------
    indicator : str
        One of `ASSESSED`.
    zero_at, full_at : float
        Value of the indicator without points, and that with all; the first may be the greater one.
    points : float
        All points; below 0 they are taken away.
    """

    indicator: str
    zero_at: float
    full_at: float
    points: float


def check_components(base: float, components: Sequence[Component]) -> None:
    """See that the best unit can reach exactly `MOST` points, and each component means something.

    Raises
    ------
    InvalidInput
        For an indicator that there is not or that is named twice, one whose two values are equal, points of 0, or
        points that don't add up.
    """
    seen: set[str] = set()
    for component in components:
        if component.indicator not in ASSESSED:
            raise InvalidInput("assessment.indicator", indicator=component.indicator, known=", ".join(ASSESSED))
        if component.indicator in seen:
            raise InvalidInput("assessment.twice", indicator=component.indicator)
        if component.zero_at == component.full_at or component.points == 0:
            raise InvalidInput("assessment.flat", indicator=component.indicator)
        seen.add(component.indicator)
    total = base + sum(max(component.points, 0.0) for component in components)
    if base < 0 or abs(total - MOST) > 1e-9:
        raise InvalidInput("assessment.total", total=total, most=MOST)


def points(
    measured: Mapping[str, ArrayLike], base: float, components: Sequence[Component]
) -> tuple[Floats, dict[str, Floats]]:
    """Points of each unit.

    Parameters
    ----------
    measured : mapping of str to (n,) array_like of float
        Indicators; NaN where one is not known.
    base : float
        Points that everybody has.
    components : sequence of Component

    Returns
    -------
    total : (n,) array of float
        0 to `MOST`, to two decimals, since it is these that are ranked and shown. A component without a value leaves
        its share to the others, so that a unit is neither praised nor blamed for what can't be told of it; NaN where
        no component gives points.
    parts : dict of str to (n,) array of float
        Points of each component by its indicator; NaN where it has no value.
    """
    check_components(base, components)
    parts: dict[str, Floats] = {}
    for component in components:
        value = np.asarray(measured[component.indicator], dtype=float)
        share = (value - component.zero_at) / (component.full_at - component.zero_at)
        # no minus before a zero
        parts[component.indicator] = component.points * np.clip(share, 0.0, 1.0) + 0.0
    # of what was measured, since there may be no component at all
    size = max((len(np.atleast_1d(np.asarray(values))) for values in measured.values()), default=0)
    given, reachable, taken = np.zeros(size), np.zeros(size), np.zeros(size)
    for component in components:
        got = parts[component.indicator]
        told = ~np.isnan(got)
        if component.points > 0:
            given += np.where(told, got, 0.0)
            reachable += np.where(told, component.points, 0.0)
        else:
            taken += np.where(told, got, 0.0)
    scaled = np.divide(given * (MOST - base), reachable, out=np.full(size, np.nan), where=reachable > 0)
    return np.round(np.clip(base + scaled + taken, 0.0, MOST), 2), parts


def ranks(total: ArrayLike, groups: ArrayLike) -> NDArray[np.int64]:
    """Place of each unit within its group, the most points first; 0 for one without points.

    Those with equal points share a place, and the next ones come as many places later: 1, 2, 2, 4.

    >>> ranks([90.0, 70.0, 90.0, np.nan, 80.0], [0, 0, 0, 0, 1]).tolist()
    [1, 3, 1, 0, 1]
    """
    value, group = np.asarray(total, dtype=float), np.asarray(groups)
    out = np.zeros(len(value), dtype=np.int64)
    some = np.flatnonzero(~np.isnan(value))
    if not len(some):
        return out
    order = some[np.lexsort((-value[some], group[some]))]
    v, g = value[order], group[order]
    place = np.arange(len(order))
    fresh_group = np.append(True, g[1:] != g[:-1])
    fresh = fresh_group | np.append(True, v[1:] != v[:-1])
    start = np.maximum.accumulate(np.where(fresh_group, place, 0))
    out[order] = np.maximum.accumulate(np.where(fresh, place, 0)) - start + 1
    return out
