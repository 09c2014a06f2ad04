"""What an attacker can work out of hidden counts: a linear programme over everything that was published.

The attacker knows every shown count, every family of the lattice (which counts are sums of which), and also, though
nothing tells, **every count that is 0**: where never anything happens may be plain from the ground. Any values of the
hidden counts that are not negative and agree with all families are possible to them; the least and the greatest
possible value of a count are the bounds that they can put to it.

`Attack` finds bounds from within: each point that a linear programme returns is possible, so whatever lies between two
of them is not excluded, and a count for which two such points lie a ``width`` apart is safe without its exact bounds
being known. Hiding more only makes more possible, so points found once stay possible. Programmes are solved for parts
of the lattice with everything outside at its true value, which again finds possible points; only what isn't safe by
then is asked for in its whole connected block, which gives its exact bounds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: How far a solution of the solver may be from fulfilling an equation, in cases.
_TOLERANCE: Final = 1e-6
#: A count that no family bounds is searched no higher than this above its value.
_HIGHEST: Final = 1e5
_ROUNDS: Final = 12


class Attack:
    """Bounds of hidden counts, as far as they have been found.

    Parameters
    ----------
    families : (f, n) sparse array
        Of a `geo.heat.lattice.Lattice`: each row times the values is 0.
    values : (n,) array_like of int
        True counts.

    Attributes
    ----------
    low, high : (n,) arrays of float
        Values that are possible for each count; both the true one at first.
    """

    def __init__(self, families: csr_array, values: Ints) -> None:
        self._families = csr_array(families)
        self._by_entry = csc_array(families)
        self._values = np.asarray(values, dtype=float)
        self.low = self._values.copy()
        self.high = self._values.copy()

    def open(self, hidden: NDArray[np.bool_], width: float) -> Ints:
        """Hidden counts not yet known to be safe: the bounds found so far are narrower than ``width``."""
        return np.flatnonzero(hidden & (self.high - self.low < width - _TOLERANCE))

    def search(
        self, hidden: NDArray[np.bool_], width: float, parts: Ints, rng: np.random.Generator, *, each: bool
    ) -> None:
        """Widen the bounds of hidden counts, a programme for each part of the lattice.

        Parameters
        ----------
        hidden : (n,) array of bool
        width : float
            What each count needs.
        parts : (n,) array of int
            Number of the part that each count is in; below 0 for none, whose counts keep their true values.
        rng : numpy Generator
            Draws directions to look in: those in which many counts go far at once save the most programmes.
        each : bool
            Whether counts that no drawn direction made safe are looked at one by one.
        """
        inside = np.flatnonzero(hidden & (parts >= 0))
        inside = inside[np.argsort(parts[inside], kind="stable")]
        needy = np.unique(parts[self.open(hidden, width)])
        for columns in np.split(inside, np.flatnonzero(np.diff(parts[inside])) + 1):
            if len(columns) and parts[columns[0]] in needy:
                self._search_part(columns, width, rng, each=each)

    def exact(self, hidden: NDArray[np.bool_], width: float) -> Ints:
        """Counts that are not safe, by their exact bounds.

        Returns
        -------
        (m,) array of int64
            Counts whose bounds are narrower than ``width``; ``low`` and ``high`` hold their bounds.
        """
        blocks = connected(self._families, hidden)
        for block in np.unique(blocks[self.open(hidden, width)]):
            columns = np.flatnonzero(blocks == block)
            self._search_part(columns, width, None, each=True)
        return self.open(hidden, width)

    def _search_part(self, columns: Ints, width: float, rng: np.random.Generator | None, *, each: bool) -> None:
        program = Program(self._by_entry, columns, self._values)
        directions: Iterable[Floats] = _drawn(len(columns), rng) if rng is not None else ()
        needs = self.high[columns] - self.low[columns] < width - _TOLERANCE
        dry = 0
        for direction in directions:
            left = int(needs.sum())
            for signed in (direction * needs, -direction * needs):
                self._note(columns, program.best(signed))
            needs = self.high[columns] - self.low[columns] < width - _TOLERANCE
            dry = dry + 1 if int(needs.sum()) == left else 0
            if not needs.any() or dry == 2:
                break
        if each:
            for place in np.flatnonzero(needs):
                for sign in (-1.0, 1.0):
                    if self.high[columns[place]] - self.low[columns[place]] < width - _TOLERANCE:
                        direction = np.zeros(len(columns))
                        direction[place] = sign
                        self._note(columns, program.best(direction))

    def _note(self, columns: Ints, point: Floats) -> None:
        self.low[columns] = np.minimum(self.low[columns], point)
        self.high[columns] = np.maximum(self.high[columns], point)

    def note_move(self, columns: Ints, move: Floats) -> None:
        """Take note of a possible point that was found elsewhere: the true values, and ``move`` added to some.

        Raises
        ------
        ValueError
            When it is not possible.
        """
        point = self._values[columns] + move
        if point.min() < -_TOLERANCE or np.abs(self._by_entry[:, columns] @ move).max() > _TOLERANCE * 10:
            raise ValueError("the point does not fulfil the families")
        self._note(columns, point)


class Program:
    """Linear programme over some counts of a lattice, all others at their true values.

    Parameters
    ----------
    by_entry : (f, n) sparse array, by columns
        Families.
    columns : (m,) array of int
        Counts that may vary.
    values : (n,) array of float
        True counts; they are a solution.
    """

    def __init__(self, by_entry: csc_array, columns: Ints, values: Floats) -> None:
        part = csr_array(by_entry[:, columns])
        self._matrix = csr_array(part[np.flatnonzero(np.diff(part.indptr))])
        self._total = self._matrix @ values[columns]
        self._size = len(columns)
        self._solver = solver(self._matrix, self._total, np.zeros(self._size), values[columns] + _HIGHEST)
        self._index = np.arange(self._size, dtype=np.int32)

    def best(self, cost: Floats) -> Floats:
        """The possible point of least cost; each call goes on from the one before.

        Raises
        ------
        ArithmeticError
            When the solver doesn't end with a point that fulfils the families.
        """
        self._solver.changeColsCost(self._size, self._index, cost)
        self._solver.run()
        point = np.asarray(self._solver.getSolution().col_value)
        solved = self._solver.getModelStatus() == highspy.HighsModelStatus.kOptimal and point.min() > -_TOLERANCE
        if not solved or np.abs(self._matrix @ point - self._total).max(initial=0.0) > _TOLERANCE * 10:
            raise ArithmeticError(f"linear programme: {self._solver.getModelStatus()}")
        return point


def solver(matrix: csr_array, total: Floats, lower: Floats, upper: Floats) -> highspy.Highs:
    """HiGHS with the equations ``matrix @ x = total`` and bounds of x; no cost yet."""
    columns = csc_array(matrix)
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_ = np.zeros(matrix.shape[1])
    model.col_lower_, model.col_upper_ = lower, upper
    model.row_lower_ = model.row_upper_ = total
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = columns.indptr, columns.indices
    model.a_matrix_.value_ = columns.data
    made = highspy.Highs()
    made.silent()
    # a new direction from the last point: presolve would begin anew, and the primal simplex stays possible
    for name, value in (("presolve", "off"), ("simplex_strategy", 4), ("threads", 1)):
        made.setOptionValue(name, value)
    made.passModel(model)
    return made


def connected(families: csr_array, hidden: NDArray[np.bool_]) -> Ints:
    """Number of the block that each hidden count is in; -1 for a shown one.

    Two counts are in one block when families join them by way of hidden counts: a shown count is a constant, so blocks
    know nothing of each other, and bounds within one are exact.
    """
    part = csc_array(families)[:, np.flatnonzero(hidden)]
    _, labels = connected_components(abs(part).T @ abs(part), directed=False)
    found = np.full(len(hidden), -1, dtype=np.int64)
    found[hidden] = labels
    return found


def _drawn(size: int, rng: np.random.Generator) -> Iterable[Floats]:
    for _ in range(_ROUNDS):
        yield rng.choice((-1.0, 1.0), size)

