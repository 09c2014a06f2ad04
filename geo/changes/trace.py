"""Codes followed through the lineage from the map of one day to that of another, and amounts carried along."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np

from geo.crosswalk.apportion import apportion

#: Shares below are the noise of many multiplications.
_NOISE: Final = 1e-12


@dataclass(frozen=True)
class Step:
    """A link of the lineage as it was published.

    Attributes
    ----------
    day : date
        First day of the map that it led to.
    publication : int
        Number of the publication; several of a day follow each other by it.
    before, after : str or None
        Codes; None for ground that nobody had, or has.
    share_of_before, share_of_after : float
        As of `geo.changes.lineage.Link`.
    operation : str
    """

    day: date
    publication: int
    before: str | None
    after: str | None
    share_of_before: float
    share_of_after: float
    operation: str


@dataclass(frozen=True)
class Trace:
    """What became of some ground, or what it was.

    Attributes
    ----------
    shares : dict of str to float
        Codes on the map of the day asked for, with their share of the ground, the largest first.
    nobody : float
        Share that no grid has, or had.
    unseen : float
        Share that leads to where the asker may not look. All shares and these two sum to 1.
    path : list of Step
        The links that were followed, in the order of the walk.
    """

    shares: dict[str, float]
    nobody: float
    unseen: float
    path: list[Step] = field(default_factory=list)


def trace(code: str, steps: Iterable[Step], since: date, until: date) -> Trace:
    """Follow a code from the map of one day to that of another.

    Parameters
    ----------
    code : str
        A code on the map of ``since``.
    steps : iterable of Step
        The lineage, in any order; a grid without a link in a publication went through it unchanged.
    since, until : date
        A later ``until`` leads to successors, with the shares of the old grid's ground that they got; an earlier one to
        predecessors, with the shares of the new grid's ground that they had.

    Examples
    --------
    >>> halves = [Step(date(2024, 5, 1), 1, "a", new, 0.5, 1.0, "split") for new in ("b", "c")]
    >>> trace("a", halves, date(2024, 4, 30), date(2024, 5, 1)).shares
    {'b': 0.5, 'c': 0.5}
    >>> trace("b", halves, date(2024, 5, 1), date(2024, 4, 30)).shares
    {'a': 1.0}
    """
    found = _walk({code: 1.0}, steps, since, until)
    shares = dict(sorted(found.amounts.items(), key=lambda item: (-item[1], item[0])))
    return Trace(shares, found.nobody, found.unseen, found.path)


def carry(amounts: Mapping[str, float], steps: Iterable[Step], since: date, until: date) -> dict[str | None, float]:
    """Amounts on the grids of one day as amounts on those of another, by the shares of ground.

    Parameters
    ----------
    amounts : mapping of str to float
        By the codes of ``since``, 0 or above.
    steps, since, until
        As of `trace`.

    Returns
    -------
    dict
        By the codes of ``until``; under None what no grid has, and what leads out of sight. The sum is that of the
        input but for rounding.
    """
    found = _walk(dict(amounts), steps, since, until)
    out: dict[str | None, float] = dict(sorted(found.amounts.items()))
    if found.nobody + found.unseen > 0:
        out[None] = found.nobody + found.unseen
    return out


def carry_counts(counts: Mapping[str, int], steps: Iterable[Step], since: date, until: date) -> dict[str | None, int]:
    """Whole numbers carried like `carry`, and whole again: the sum is exactly that of the input (largest remainder)."""
    carried = carry(counts, steps, since, until)
    if not carried:
        return {}
    whole = apportion(
        np.array(list(carried.values())), np.zeros(len(carried), dtype=np.intp), np.array([sum(counts.values())])
    )
    return dict(zip(carried, whole.tolist(), strict=True))


@dataclass
class _State:
    amounts: dict[str, float]
    nobody: float = 0.0
    unseen: float = 0.0
    path: list[Step] = field(default_factory=list)


def _walk(amounts: dict[str, float], steps: Iterable[Step], since: date, until: date) -> _State:
    forwards = until >= since
    first, last = (since, until) if forwards else (until, since)
    some = [step for step in steps if first < step.day <= last]
    groups: defaultdict[tuple[date, int], list[Step]] = defaultdict(list)
    for step in some:
        groups[step.day, step.publication].append(step)
    state = _State(amounts)
    for key in sorted(groups, reverse=not forwards):
        _pass(state, groups[key], forwards)
    return state


def _pass(state: _State, steps: Sequence[Step], forwards: bool) -> None:
    """One publication, all of its links at once."""
    links: defaultdict[str, list[tuple[str | None, float, Step]]] = defaultdict(list)
    for step in steps:
        here, there = (step.before, step.after) if forwards else (step.after, step.before)
        if here is not None:
            links[here].append((there, step.share_of_before if forwards else step.share_of_after, step))
    moved: defaultdict[str, float] = defaultdict(float)
    for code, amount in state.amounts.items():
        if code not in links:
            moved[code] += amount
            continue
        left = 1.0
        for there, share, step in links[code]:
            left -= share
            state.path.append(step)
            if there is None:
                state.nobody += amount * share
            else:
                moved[there] += amount * share
        if left > _NOISE:
            state.unseen += amount * left
    state.amounts = {code: amount for code, amount in moved.items() if amount > 0}
