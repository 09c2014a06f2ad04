"""The codes of a layer taken apart once, for the checks that read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.codes.code import Code, parse_code
from geo.codes.schemes import CodeScheme
from geo.errors import InvalidInput
from geo.finding import Finding, Severity


class CodeTable:
    """Grids with their codes taken apart; what can't be taken apart keeps its error."""

    def __init__(
        self, names: list[str], shapes: NDArray[np.object_] | None, scheme: CodeScheme, codes: list[str]
    ) -> None:
        self.names, self.shapes, self.scheme, self.codes = names, shapes, scheme, codes
        self.parsed: dict[int, Code] = {}
        self.errors: dict[int, InvalidInput] = {}
        for index, code in enumerate(codes):
            if code:
                try:
                    self.parsed[index] = parse_code(code, scheme)
                except InvalidInput as error:
                    self.errors[index] = error

    def finding(
        self, kind: str, severity: Severity, members: Iterable[int], values: Mapping[str, Any], place: str = ""
    ) -> Finding:
        """A finding on some rows; one row gives its geometry, several give a point in each."""
        rows = list(members)
        return Finding(kind, severity, tuple(self.names[i] for i in rows), self._where(rows), dict(values), place=place)

    def by_name(self) -> list[tuple[int, Code]]:
        """Rows whose code could be read, in the order of their names: which of two is taken is not the input's word."""
        return sorted(self.parsed.items(), key=lambda entry: self.names[entry[0]])

    def serial_text(self, serial: int) -> str:
        """A serial with its zeros."""
        return f"{serial:0{self.scheme.segments[-1].width}d}"

    def span_text(self, first: int, last: int) -> str:
        """Serials from ``first`` to ``last`` as people write them: 003 or 005-007."""
        return self.serial_text(first) + ("" if first == last else f"-{self.serial_text(last)}")

    def _where(self, rows: list[int]) -> Any:
        if self.shapes is None or not rows:
            return None
        if len(rows) == 1:
            return self.shapes[rows[0]]
        # Points, not the polygons together: those of duplicates overlap, which no valid polygon can show.
        there = [shape for shape in self.shapes[rows] if shape is not None and not shape.is_empty]
        return shapely.MultiPoint([shapely.point_on_surface(shape) for shape in there]) if there else None
