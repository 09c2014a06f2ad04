"""The city's rules: deadlines, departments, and what points are given for. A TOML file over the defaults here."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from geo.errors import InvalidInput
from geo.situation.assessment import Component, check_components
from layers.situation.case_filter import CaseFilter
from layers.situation.type_numbers import best_of
from layers.text import Text

_HOUR_S = 3600


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Deadlines(_Part):
    default: float = Field(gt=0)
    hours: dict[str, float] = Field(default_factory=dict)

    @field_validator("hours")
    @classmethod
    def _of_types(cls, value: dict[str, float]) -> dict[str, float]:
        CaseFilter(tuple(value))
        if any(hours <= 0 for hours in value.values()):
            raise ValueError("hours > 0")
        return value


class _Found(_Part):
    channels: tuple[str, ...] = ()


class _Component(_Part):
    indicator: str
    zero_at: float
    full_at: float
    points: float


class _Assessment(_Part):
    base: float = 0.0
    components: tuple[_Component, ...]


class _Department(_Part):
    id: str
    zh: str
    en: str
    types: tuple[str, ...] = ()

    @field_validator("types")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        CaseFilter(value)
        return value


class Rules(_Part):
    """The rules of one city.

    Attributes
    ----------
    deadlines, found, assessment, departments
        The parts of the file, as its comments describe them.
    """

    deadlines: _Deadlines
    found: _Found
    assessment: _Assessment
    departments: tuple[_Department, ...] = Field(min_length=1)

    @property
    def base(self) -> float:
        """Points that everybody has."""
        return self.assessment.base

    @property
    def components(self) -> tuple[Component, ...]:
        """What points are given for."""
        return tuple(Component(**part.model_dump()) for part in self.assessment.components)

    @property
    def department_names(self) -> dict[str, Text]:
        """Names of the departments by id, in the order of the file."""
        return {one.id: Text(one.zh, one.en) for one in self.departments}

    def deadlines_s(self, types: NDArray[np.int64]) -> NDArray[np.int64]:
        """Seconds within which cases of these types (as `layers.situation.type_numbers`) should be closed."""
        hours = [self.deadlines.default, *self.deadlines.hours.values()]
        chosen = best_of(types, [(name, place) for place, name in enumerate(self.deadlines.hours, 1)], 0)
        return np.round(np.array(hours)[chosen] * _HOUR_S).astype(np.int64)

    def departments_of(self, types: NDArray[np.int64]) -> NDArray[np.int64]:
        """Number of the department that deals with cases of these types."""
        names = [(name, place) for place, one in enumerate(self.departments) for name in one.types]
        return best_of(types, names, len(self.departments) - 1)


def read_rules(path: Path | None = None) -> Rules:
    """The rules of a file over the defaults; the defaults alone without one.

    Raises
    ------
    InvalidInput
        When the file can't be read or says what can't be: the place in the file, and what is wrong there.
    """
    told: dict[str, Any] = tomllib.loads(files(__package__).joinpath("rules.toml").read_text("utf-8"))
    if path is not None:
        try:
            told |= tomllib.loads(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InvalidInput("rules.unreadable", path=path, reason=str(error)) from error
    return checked_rules(told, str(path or "rules.toml"))


def checked_rules(told: Mapping[str, Any], source: str) -> Rules:
    """Rules from the parts of a file; ``source`` names it in an error."""
    try:
        rules = Rules.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise InvalidInput("rules.wrong", path=source, place=place, reason=first["msg"]) from error
    check_components(rules.base, rules.components)
    ids = [one.id for one in rules.departments]
    twice = next((name for name in ids if ids.count(name) > 1), None)
    if twice is not None:
        raise InvalidInput("rules.wrong", path=source, place="departments", reason=f"{twice} x 2")
    return rules


def with_components(rules: Rules, base: float, components: Sequence[Mapping[str, Any]]) -> Rules:
    """The same rules with other points."""
    return checked_rules(
        rules.model_dump() | {"assessment": {"base": base, "components": list(components)}}, "components"
    )


_bound: Rules | None = None


def bind_rules(rules: Rules) -> Rules:
    """Make ``rules`` those of this process."""
    global _bound
    _bound = rules
    return rules


def bound_rules() -> Rules:
    """The rules of this process; the defaults where none were bound."""
    return _bound if _bound is not None else bind_rules(read_rules())
