"""Days on which a code was on the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

Span = tuple[date | None, date | None]
"""First day (None: since before anybody kept book) and the first day on which it was no more (None: it still is)."""


@dataclass(frozen=True)
class Life:
    """Spans of a code, each after the one before it.

    Attributes
    ----------
    spans : sequence of Span
        One at least.
    today : date
        The day on which a span that has no end is looked at.

    Examples
    --------
    >>> life = Life([(None, date(2015, 1, 1)), (date(2018, 1, 1), None)], date(2024, 5, 1))
    >>> life.last_day, life.has(date(2014, 12, 31)), life.has(date(2015, 1, 1))
    (datetime.date(2024, 5, 1), True, False)
    >>> life.written()
    '… – 2014-12-31, 2018-01-01 – …'
    """

    spans: Sequence[Span]
    today: date

    @property
    def last_day(self) -> date:
        """The last one that it was on the map, today while it is; its first one where that is still to come."""
        begin, end = self.spans[-1]
        last = self.today if end is None else end - timedelta(days=1)
        return last if begin is None else max(last, begin)

    def has(self, day: date) -> bool:
        """Whether it was on the map of a day."""
        return any((begin is None or begin <= day) and (end is None or day < end) for begin, end in self.spans)

    def written(self) -> str:
        """The spans with their last days: ``2018-01-01 – …``."""
        ends = [(begin, None if end is None else end - timedelta(days=1)) for begin, end in self.spans]
        return ", ".join(f"{begin or '…'} – {end or '…'}" for begin, end in ends)
