"""Which counts are hidden, so that none of them can be worked out from those that are shown.

1. **Small counts**, from 1 to k - 1, are hidden.
2. **Families**: a hidden count that is alone in its family is told by subtraction, and hidden counts that together are
   less than k are a small count told. One more is hidden: the part that costs the least cases, or else the sum.
3. **The attack**: families cross (a cell's months add up to its year, the cells of a month to their parent), so what is
   safe in each may not be in all. Where the attacker of `geo.heat.attacker` can put bounds narrower than k to a hidden
   count, a linear programme finds the cheapest counts whose hiding moves those bounds apart (`geo.heat.repair`), and so
   on until the attacker has no such count left.

What was published stays published: such counts are never hidden, and later ones give way to them. This is cell
suppression in linked tables (Fischetti and Salazar, Management Science 47, 2001; de Wolf's HiTaS, 2002), with the rule
of protection turned from a distance on each side of a count into a least width of what can be told of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from geo.heat.attacker import Attack
from geo.heat.lattice import CITY, VIEWS, Lattice, View, regions
from geo.heat.repair import Repair

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_NOTHING = 1e-6


@dataclass(frozen=True)
class Suppression:
    """What is hidden of a lattice.

    Attributes
    ----------
    hidden : (n,) array of bool
        Whether each count is hidden.
    unsafe : (m,) array of int64
        Hidden counts that the attacker tells more narrowly than k, by exact bounds; empty unless what was published
        before leaves no way out. With any, nothing may be published.
    """

    hidden: Flags
    unsafe: Ints


def suppress(
    lattice: Lattice,
    k: int,
    rng: np.random.Generator,
    *,
    shown: Flags | None = None,
    kept_back: Flags | None = None,
    width: int | None = None,
    views: Sequence[View] = VIEWS,
) -> Suppression:
    """Choose what is hidden.

    Parameters
    ----------
    lattice : Lattice
        Of n counts.
    k : int
        The least count that is told.
    rng : numpy Generator
        Draws directions in which the attacker looks; it decides nothing about what is safe.
    shown, kept_back : (n,) arrays of bool, optional
        Counts that were published before, and those that were hidden then; both stay so.
    width : int, optional
        The least width of what can be told of a hidden count; k when not given. Less than k only where earlier
        releases hid by less: what they told can't be taken back.
    views : sequence of View
        Of the lattice.

    Returns
    -------
    Suppression
        Counts of the whole city are neither: no layer has them, and the attack does without them.
    """
    width = k if width is None else width
    nothing = np.zeros(len(lattice.value), dtype=bool)
    shown = nothing if shown is None else shown
    kept_back = nothing if kept_back is None else kept_back
    city = lattice.cell == CITY
    fixed = shown | kept_back | city
    hidden = ((lattice.value < k) & ~shown & ~city) | kept_back
    families = _Families(lattice, fixed)
    inner = without(lattice.families, city)
    near, whole = regions(lattice, 7, 8, views), regions(lattice, 6, 6, views)
    attack = Attack(inner, lattice.value)
    repair = Repair(inner, lattice.value, fixed, (near, whole))
    families.hide_more(hidden, k)
    while True:
        attack.search(hidden, width, near, rng, each=False)
        attack.search(hidden, width, whole, rng, each=True)
        unsafe = attack.open(hidden & ~_told(attack, lattice, hidden, k), width)
        before = int(hidden.sum())
        # those of many cases first: what is hidden for a sum opens a way for its parts
        for target in unsafe[np.argsort(-lattice.value[unsafe], kind="stable")].tolist():
            repair.open_up(target, hidden, width, attack)
        families.hide_more(hidden, k)
        if int(hidden.sum()) == before:
            # regions are whole blocks of the lattice: what the attacker finds there is exact
            told = _told(attack, lattice, hidden, k)
            unsafe = attack.open(hidden & ~told, width)
            if not (len(unsafe) and repair.hide_around(unsafe, hidden)):
                return Suppression(hidden & ~(told & ~kept_back), unsafe)


def _told(attack: Attack, lattice: Lattice, hidden: Flags, k: int) -> Flags:
    """Hidden counts of at least k that are the sum or difference of shown ones: to show them tells nothing more."""
    return hidden & (lattice.value >= k) & (attack.high - attack.low < _NOTHING)


def without(families: csr_array, entries: Flags) -> csr_array:
    """Families that none of the entries is in."""
    touched = abs(families) @ entries.astype(float) > 0
    return csr_array(families[np.flatnonzero(~touched)])


class _Families:
    """Families as lists, which a loop reads faster than arrays."""

    def __init__(self, lattice: Lattice, fixed: Flags) -> None:
        self._value = lattice.value.tolist()
        self._fixed = fixed.tolist()
        matrix = lattice.families
        ends = matrix.indptr.tolist()
        self._members = [matrix.indices[a:b].tolist() for a, b in zip(ends, ends[1:], strict=False)]
        signs = [matrix.data[a:b].tolist() for a, b in zip(ends, ends[1:], strict=False)]
        self._sum = [m[s.index(-1.0)] for m, s in zip(self._members, signs, strict=True)]
        self._parts = [[e for e in m if e != top] for m, top in zip(self._members, self._sum, strict=True)]
        self._of: list[list[int]] = [[] for _ in self._value]
        for number, members in enumerate(self._members):
            for entry in members:
                self._of[entry].append(number)

    def hide_more(self, hidden: Flags, k: int) -> None:
        """Hide until no family tells a hidden count by itself; ``hidden`` is changed."""
        flags = hidden.tolist()
        # coarse families are looked at first
        waiting = sorted(range(len(self._sum)), key=lambda number: self._value[self._sum[number]])
        queued = [True] * len(waiting)
        while waiting:
            number = waiting.pop()
            queued[number] = False
            while not self._is_closed(number, flags, k):
                choice = self._cheapest(number, flags)
                if choice is None:
                    break
                flags[choice] = True
                for other in self._of[choice]:
                    if not queued[other]:
                        queued[other] = True
                        waiting.append(other)
        hidden[:] = flags

    def _is_closed(self, number: int, flags: list[bool], k: int) -> bool:
        """Whether subtraction within the family tells no hidden count."""
        parts = [self._value[entry] for entry in self._parts[number] if flags[entry]]
        if flags[self._sum[number]]:
            return len(parts) > 0
        return not parts or (len(parts) > 1 and sum(parts) >= k)

    def _cheapest(self, number: int, flags: list[bool]) -> int | None:
        """The part of fewest cases that can be hidden, else the sum; None when all were published before."""
        parts = [entry for entry in self._parts[number] if not flags[entry] and not self._fixed[entry]]
        if parts:
            return min(parts, key=self._value.__getitem__)
        top = self._sum[number]
        return None if flags[top] or self._fixed[top] else top
