"""Process trace-code: what became of a grid or division, what it was, on the map of any day, with shares."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from pydantic import Field

from geo.changes.trace import Step, trace
from geo.errors import InvalidInput
from layers.catalogue.changes import GRID_LINEAGE
from layers.changes.traced import GridBook
from layers.changes.traced_divisions import DIGITS, DivisionBook
from layers.database.database import bound
from layers.text import Text
from processes.base import Parameters, Process
from processes.changes.draft_inputs import feature

Book = GridBook | DivisionBook
"""Where a code is followed."""


class TraceCodeParameters(Parameters):
    """Inputs of trace-code."""

    code: str = Field(
        ...,
        min_length=1,
        max_length=20,
        title="Code",
        description="Code of a grid or of a division (6, 9 or 12 digits), of today or of any day before.",
        json_schema_extra={"title_zh": "编码", "description_zh": "现行或曾用的网格编码，或区划代码（6、9、12 位）。"},
    )
    day: date | None = Field(
        None,
        title="Day",
        description="A day on which the code was valid; its last one when not given.",
        json_schema_extra={"title_zh": "日期", "description_zh": "该编码有效的某一天；缺省为其最后一天。"},
    )
    to_day: date | None = Field(
        None,
        title="To the map of",
        description="Follow it to the map of this day; both to today and to the beginning when not given.",
        json_schema_extra={
            "title_zh": "追溯至",
            "description_zh": "追溯到哪一天；缺省为向后到今天、向前到最初。",
        },
    )


class TraceCode(Process):
    """Follows a code through splits, merges and transfers."""

    id: ClassVar[str] = "trace-code"
    title: ClassVar[Text] = Text("编码沿革追溯", "Trace a code")
    description: ClassVar[Text] = Text(
        "沿拆分、合并、划转等，向后或向前追溯任一网格编码或区划代码（含已停用的）到任一天，给出面积占比，合计为 1。",
        "Follows any code of a grid or division, retired or not, forwards and backwards through splits, merges and "
        "transfers to the map of any day, with shares of ground that sum to 1.",
    )
    parameters: ClassVar[type[Parameters]] = TraceCodeParameters
    result: ClassVar[Text] = Text("前后网格或区划及其占比", "The grids or divisions before and after, with shares")
    example: ClassVar[dict[str, Any]] = {"code": "321283100202001"}
    least_role: ClassVar[str] = GRID_LINEAGE.readers

    def run(self, parameters: TraceCodeParameters) -> dict[str, Any]:
        """Where the code leads."""
        code = parameters.code
        with bound().transaction() as cur:
            book: Book = DivisionBook(cur, code) if code.isdigit() and len(code) in DIGITS else GridBook(cur, code)
            life = book.life()
            day = parameters.day or life.last_day
            if not life.has(day):
                raise InvalidInput("trace.not-valid", code=code, day=day, days=life.written())
            targets = [parameters.to_day] if parameters.to_day else [life.today, book.first_day()]
            ways = [_way(book, code, day, target) for target in dict.fromkeys(targets)]
        (begin, _), (_, end) = life.spans[0], life.spans[-1]
        return {
            "type": "FeatureCollection",
            "code": code,
            "day": day.isoformat(),
            "valid_from": None if begin is None else begin.isoformat(),
            "valid_to": None if end is None else end.isoformat(),
            "ways": [way for way, _ in ways],
            "features": [one for _, features in ways for one in features],
        }


def _way(book: Book, code: str, day: date, target: date) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    found = trace(code, book.steps(day, target), day, target)
    shapes = book.shapes(found.shares, target)
    direction = "forwards" if target >= day else "backwards"
    way = {
        "direction": direction,
        "to_day": target.isoformat(),
        "shares": found.shares,
        "nobody": found.nobody,
        "unseen": found.unseen,
        "path": [_step(step) for step in found.path],
    }
    features = [
        feature(f"{one}@{target}", shape, role=direction, code=one, name=name, share=found.shares[one])
        for one, (name, shape) in shapes.items()
    ]
    return way, features


def _step(step: Step) -> dict[str, Any]:
    return {
        "day": step.day.isoformat(),
        # divisions whose past was loaded changed in no publication
        "publication": step.publication or None,
        "operation": step.operation,
        "before": step.before,
        "after": step.after,
        "share_of_before": step.share_of_before,
        "share_of_after": step.share_of_after,
    }
