"""Process explain-code: what each part of a grid's code says."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from geo.codes.code import Explanation, explain_code, parse_code
from geo.codes.schemes import DEFAULT_SCHEME, scheme_of
from layers.checking.coded_grids import read_city
from layers.database.database import bound
from layers.division_names import division_names
from layers.text import LANGUAGES, Text
from layers.texts import say
from processes.base import Parameters, Process


class ExplainCodeParameters(Parameters):
    """Inputs of explain-code."""

    code: str = Field(
        title="Code",
        description="Code of a grid, as text.",
        json_schema_extra={"title_zh": "编码", "description_zh": "网格编码（文本）。"},
    )
    scheme: str | None = Field(
        None,
        title="Coding scheme",
        description="Id of a coding scheme; that of the city when it is not given.",
        json_schema_extra={"title_zh": "编码方案", "description_zh": "编码方案标识；缺省为本市的方案。"},
    )


class ExplainCode(Process):
    """The parts of a code in words, with the names of its divisions where the city knows them."""

    id: ClassVar[str] = "explain-code"
    title: ClassVar[Text] = Text("解读网格编码", "Explain a grid code")
    description: ClassVar[Text] = Text(
        "逐段解读网格编码：县级、乡级、村级区划及其名称，网格类别与顺序码。",
        "Takes the code of a grid apart: its county, township and village with their names, its kind and serial.",
    )
    parameters: ClassVar[type[Parameters]] = ExplainCodeParameters
    result: ClassVar[Text] = Text("编码各段的含义", "The meaning of each part of the code")
    example: ClassVar[dict[str, Any]] = {"code": "321283001001001"}

    def run(self, parameters: ExplainCodeParameters) -> dict[str, Any]:
        """The code's parts in the order of its digits, each with its words, and the whole as one sentence."""
        with bound().transaction() as cur:
            city = read_city(cur)
            scheme = scheme_of(parameters.scheme or (city[1] if city else DEFAULT_SCHEME.id))
            code = parse_code(parameters.code, scheme)
            divisions = {"county": code.county, "township": code.township_code, "village": code.village_code}
            names = division_names(cur, divisions.values())
        parts = explain_code(parameters.code, scheme, names)
        words = [{language: _words(part, language) for language in LANGUAGES} for part in parts]
        segments = []
        for part, (_, start, end), said in zip(parts, scheme.spans(), words, strict=True):
            division = divisions.get(part.segment)
            segments.append({
                "segment": part.segment,
                "digits": part.digits,
                "first": start + 1,
                "last": end,
                "division_code": division,
                "name": names.get(division) if division else None,
                **said,
            })  # fmt: skip
        return {
            "code": parameters.code,
            "scheme": scheme.id,
            "scheme_title": {"zh": scheme.title_zh, "en": scheme.title_en},
            "kind": scheme.kind_of(code.serial) or (scheme.kinds[0] if code.serial == 0 else None),
            "serial": code.serial,
            "known": len(names) == len(divisions),
            "zh": "；".join(said["zh"] for said in words),
            "en": "; ".join(said["en"] for said in words),
            "segments": segments,
        }


def _words(part: Explanation, language: str) -> str:
    """The words of a part; without a name nothing is left where it would stand."""
    said = " ".join(say(part.key, language, **part.values).split())
    return said.replace(" ，", "，").replace(" ,", ",")
