"""How complete gathered data are (数据汇集完善率): what a dataset has of what it should have, as shares from 0 to 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

CYCLE_DAYS: Final = {"realtime": 1.0, "day": 1.0, "week": 7.0, "month": 31.0, "quarter": 92.0, "year": 366.0}
"""Days within which a dataset of an update cycle has to be renewed: the longest that the cycle can be."""

COARSE_BELOW: Final = 5
"""Rows below which shares are told in quarters: a share of few rows would tell how many they are."""


@dataclass(frozen=True)
class Measure:
    """What was counted in a dataset, or in its part in one township.

    Attributes
    ----------
    count : int
        Rows.
    filled : float
        Share of required fields that have a value, over all rows; 1 where no field is required.
    fresh : float
        See `freshness`.
    valid : float or None
        Share of rows with a valid geometry; None for data without one.
    """

    count: int
    filled: float = 0.0
    fresh: float = 0.0
    valid: float | None = None

    @property
    def completeness(self) -> float:
        """Mean of the shares that apply; 0 for what nobody delivered.

        Examples
        --------
        >>> Measure(100, filled=0.5, fresh=1.0, valid=1.0).completeness
        0.8333333333333334
        >>> Measure(100, filled=0.5, fresh=1.0).completeness, Measure(0).completeness
        (0.75, 0.0)
        """
        if not self.count:
            return 0.0
        shares = [self.filled, self.fresh] + ([] if self.valid is None else [self.valid])
        return sum(shares) / len(shares)

    def coarse(self) -> Measure:
        """The same with the shares of few rows in quarters.

        Examples
        --------
        >>> Measure(3, filled=2 / 3, fresh=0.9, valid=1.0).coarse()
        Measure(count=3, filled=0.75, fresh=0.9, valid=1.0)
        """
        if not 0 < self.count < COARSE_BELOW:
            return self
        valid = None if self.valid is None else _quarters(self.valid)
        return Measure(self.count, _quarters(self.filled), self.fresh, valid)


def freshness(age_days: float, cycle: str) -> float:
    """How much of what should have come has come: 1 within the update cycle, then the cycle's part of the age.

    Parameters
    ----------
    age_days : float
        Days since the data were last renewed.
    cycle : str
        A key of `CYCLE_DAYS`.

    Examples
    --------
    >>> freshness(20, "month"), freshness(62, "month"), freshness(-1, "day")
    (1.0, 0.5, 1.0)
    """
    days = CYCLE_DAYS[cycle]
    return 1.0 if age_days <= days else days / age_days


def mean_completeness(measures: Sequence[Measure]) -> float:
    """Completeness of several datasets together, each as much as any other; 0 for none.

    Examples
    --------
    >>> mean_completeness([Measure(0), Measure(10, 1.0, 1.0)])
    0.5
    """
    return sum(measure.completeness for measure in measures) / len(measures) if measures else 0.0


def _quarters(share: float) -> float:
    return round(share * 4) / 4
