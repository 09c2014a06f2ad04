"""Fields that follow from others or from the place, and codes that nothing in the city has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from geo.codes.code import parse_code
from geo.codes.schemes import SCHEMES
from geo.errors import InvalidInput
from layers.features.moments import CITY_ZONE
from layers.loading.moments import Moments
from layers.loading.reference import Reference
from layers.loading.rejects import Problem

Values = dict[str, list[Any]]
Problems = list[tuple[int, str, object, Problem]]
Points = tuple[NDArray[np.float64], NDArray[np.float64]]

CASE_TIMES: Final = ("reported_at", "filed_at", "dispatched_at", "handled_at", "checked_at", "closed_at")
"""Times of a case in the order of its life."""

_LEVELS: Final = {6: "county", 9: "township", 12: "village"}


def derive(
    layer_id: str, values: Mapping[str, list[Any]], points: Points, reference: Reference
) -> tuple[Values, Problems]:
    """Fill in what follows, and find what does not fit.

    Parameters
    ----------
    layer_id : str
        One of `layers.loading.rules.RULES`.
    values : mapping of str to list
        Converted values by field, every field of the layer there, None for nothing.
    points : (n,) and (n,) ndarray
        Longitude and latitude of points, or of the middle of areas whose township follows from it; NaN where there is
        none.
    reference : Reference
        What the database knows.

    Returns
    -------
    dict of str to list
        The values with the gaps filled; what was stated is never changed.
    list of (int, str, object, Problem)
        Position, field, value, problem.
    """
    filled = {name: column if isinstance(column, Moments) else list(column) for name, column in values.items()}
    problems: Problems = []
    _WAYS[layer_id](filled, points, reference, problems)
    return filled, problems


def _divisions(values: Values, points: Points, reference: Reference, problems: Problems) -> None:
    for name in ("valid_from", "valid_to"):
        for at, day in enumerate(values[name]):
            # what is to come is a change set, published on its day
            if day is not None and day > reference.today:
                problems.append((at, name, day, Problem("load.reject-future", {"today": reference.today})))
    for at, (code, level) in enumerate(zip(values["code"], values["level"], strict=True)):
        if code is None:
            continue
        if level is None:
            values["level"][at] = _LEVELS[len(code)]
        elif _LEVELS[len(code)] != level:
            problem = Problem("load.reject-level", {"code": code, "level": _LEVELS[len(code)]})
            problems.append((at, "level", level, problem))
    for at in range(len(values["code"])):
        _period(values, at, None, problems)


def _period(values: Values, at: int, since: date | None, problems: Problems) -> None:
    """A row ends after it began; ``since`` is when one begins that does not say."""
    begins, ends = values["valid_from"][at] or since, values["valid_to"][at]
    if begins is not None and ends is not None and ends <= begins:
        problems.append((at, "valid_to", ends, Problem("load.reject-period", {"begins": begins})))
        values["valid_to"][at] = None


def _grids(values: Values, points: Points, reference: Reference, problems: Problems) -> None:
    for at, code in enumerate(values["code"]):
        _period(values, at, reference.today, problems)
        if code is None:
            continue
        village, kind = _read_code(code, reference)
        values["village_code"][at] = values["village_code"][at] or village
        values["kind"][at] = values["kind"][at] or kind
        if values["kind"][at] is None:
            problems.append((at, "kind", None, Problem("load.reject-no-kind", {"code": code})))
    _known(values, "village_code", reference.villages, "load.reject-village", problems)


def _read_code(code: str, reference: Reference) -> tuple[str, str | None]:
    """Village and kind that a grid's code says; a code that its scheme can't read still begins with its village."""
    scheme = reference.scheme
    if len(code) != scheme.width:
        scheme = next((known for known in SCHEMES.values() if known.width == len(code)), scheme)
    try:
        parsed = parse_code(code, scheme)
    except InvalidInput:
        return (code[:12] if len(code) == 15 else code[6:18]), None
    return parsed.village_code, scheme.kind_of(parsed.serial)


def _by_township(values: Values, points: Points, reference: Reference, problems: Problems) -> None:
    _in_townships(values, points, reference, problems)


def _cameras(values: Values, points: Points, reference: Reference, problems: Problems) -> None:
    _in_grids(values, points, reference, problems)
    _in_townships(values, points, reference, problems)


def _cases(values: Values, points: Points, reference: Reference, problems: Problems) -> None:
    _types(values, reference, problems)
    _times(values, problems)
    _in_grids(values, points, reference, problems)
    _in_villages(values, points, reference, problems, wanted=lambda at: True)
    _in_townships(values, points, reference, problems)


def _service_points(values: Values, points: Points, reference: Reference, problems: Problems) -> None:
    _in_villages(values, points, reference, problems, wanted=lambda at: values["level"][at] == "station")
    _in_townships(values, points, reference, problems)


def _types(values: Values, reference: Reference, problems: Problems) -> None:
    """Category, code and name of a case's type: two of them, or a code or name that only one category has, give all."""
    by_name: dict[str, set[tuple[str, str]]] = {}
    by_code: dict[str, set[tuple[str, str]]] = {}
    for key, name in reference.case_types.items():
        by_name.setdefault(name, set()).add(key)
        by_code.setdefault(key[1], set()).add(key)
    found: dict[tuple[Any, ...], tuple[str, str] | str] = {}
    stated = zip(values["category"], values["type_code"], values["type_name"], strict=True)
    for at, (category, code, name) in enumerate(stated):
        words = (category, code, name)
        if words not in found:
            candidates = by_code.get(code, set()) if code is not None else by_name.get(name, set()) if name else set()
            if category is not None:
                candidates = {one for one in candidates if one[0] == category}
            if len(candidates) > 1 and name:
                candidates = candidates & by_name.get(name, set())
            unsure = "load.reject-type-unsure" if candidates else "load.reject-type-unknown"
            found[words] = next(iter(candidates)) if len(candidates) == 1 else unsure
        type_ = found[words]
        if isinstance(type_, str):
            shown = " ".join(word for word in words if word)
            problems.append((at, "type_code", shown, Problem(type_)))
        else:
            values["category"][at], values["type_code"][at] = type_
            # a register's own wording beside a code is not what the type is called
            values["type_name"][at] = reference.case_types[type_]


def _times(values: Values, problems: Problems) -> None:
    """The steps of a case follow each other, and each has its time not before the one before it."""
    clocks = [_clock(values[name]) for name in CASE_TIMES]
    last, before = clocks[0].copy(), np.zeros(len(clocks[0]), dtype=np.intp)
    told = np.zeros(len(last), dtype=bool)
    for step in range(1, len(CASE_TIMES)):
        for at in np.flatnonzero((clocks[step] < last) & ~told).tolist():
            told[at] = True
            problem = Problem("load.reject-times", {"before": CASE_TIMES[before[at]], "moment": str(last[at])})
            problems.append((at, CASE_TIMES[step], str(clocks[step][at]), problem))
        there = ~np.isnat(clocks[step])
        last[there], before[there] = clocks[step][there], step


def _clock(column: list[Any]) -> NDArray[np.datetime64]:
    """What the city's clock showed at each moment, NaT for nothing."""
    if isinstance(column, Moments):
        return column.clock
    shown = [None if moment is None else moment.astimezone(CITY_ZONE).replace(tzinfo=None) for moment in column]
    return np.array(shown, dtype="datetime64[us]")


def _in_grids(values: Values, points: Points, reference: Reference, problems: Problems) -> None:
    _known(values, "grid_code", reference.grid_codes, "load.reject-grid", problems)
    # what happened lies in the grid of its day, whatever the map shows today
    moments = values.get("reported_at", [None] * len(values["grid_code"]))
    days = _clock(moments).astype("datetime64[D]")
    gaps = np.flatnonzero([code is None for code in values["grid_code"]] & np.isfinite(points[0]))
    found = reference.grid_at(points[0][gaps], points[1][gaps], days[gaps])
    for at, code in zip(gaps.tolist(), found, strict=True):
        values["grid_code"][at] = code


def _in_villages(
    values: Values, points: Points, reference: Reference, problems: Problems, wanted: Callable[[int], bool]
) -> None:
    column = values["village_code"]
    for at, grid in enumerate(values.get("grid_code", ())):
        if column[at] is None and grid is not None and len(grid) == 15 and grid[:12] in reference.villages:
            column[at] = grid[:12]
    _known(values, "village_code", reference.villages, "load.reject-village", problems)
    _fill(column, points, reference.village_at, wanted)


def _in_townships(values: Values, points: Points, reference: Reference, problems: Problems) -> None:
    """Township of each point: stated, the village's, the grid's, or that of the place."""
    column = values["township_code"]
    stated = [township is not None for township in column]
    _known(values, "township_code", reference.townships, "load.reject-township", problems)
    bad = {at for at, field, _, _ in problems if field == "township_code"}
    for name in ("village_code", "grid_code"):
        for at, code in enumerate(values.get(name, ())):
            if code is None or len(code) > 15:
                continue
            if column[at] is None:
                column[at] = code[:9] if code[:9] in reference.townships else None
            elif stated[at] and name == "village_code" and column[at] != code[:9]:
                problems.append((at, name, code, Problem("load.reject-other-township", {"township": column[at]})))
    _fill(column, points, reference.township_at, lambda at: at not in bad)
    there = np.isfinite(points[0])
    for at, township in enumerate(column):
        if township is None and there[at] and at not in bad:
            place = f"{points[0][at]:.8g} {points[1][at]:.8g}"
            problems.append((at, "township_code", place, Problem("load.reject-nowhere")))


def _fill(
    column: list[Any],
    points: Points,
    locate: Callable[[NDArray[np.float64], NDArray[np.float64]], list[str | None]],
    wanted: Callable[[int], bool],
) -> None:
    """Codes by location where there is none and there is a point."""
    there = np.isfinite(points[0]) & np.isfinite(points[1])
    gaps = [at for at, code in enumerate(column) if code is None and there[at] and wanted(at)]
    if gaps:
        for at, code in zip(gaps, locate(points[0][gaps], points[1][gaps]), strict=True):
            column[at] = code


def _known(values: Values, name: str, known: set[str], key: str, problems: Problems) -> None:
    """Stated codes that nothing has are told; they stay, so that no other is put in their place."""
    for at, code in enumerate(values[name]):
        if code is not None and code not in known:
            problems.append((at, name, code, Problem(key)))


_WAYS: Final[dict[str, Callable[[Values, Points, Reference, Problems], None]]] = {
    "divisions": _divisions,
    "grids": _grids,
    "department-cells": _by_township,
    "cameras": _cameras,
    "cases": _cases,
    "service-points": _service_points,
    "enforcement": _by_township,
}
