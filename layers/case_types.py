"""What a case can be about: the types of the standard and local extensions.

``case_types.csv`` holds codes and names of management components and matters as GB/T 47678.5-2026 lists them, and local
extensions (category ``local``), numbered within their class from 999 downwards.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files

from psycopg2.extensions import cursor as Cursor


@dataclass(frozen=True)
class CaseType:
    """One type; the key is ``category`` ('component', 'matter', 'local') with ``type_code``."""

    category: str
    class_code: str
    class_name: str
    type_code: str
    type_name: str


def case_types() -> list[CaseType]:
    """Components, matters and local extensions."""
    text = files(__package__).joinpath("case_types.csv").read_text("utf-8")
    return [CaseType(**row) for row in csv.DictReader(text.splitlines())]


def type_names(cur: Cursor) -> dict[str, str]:
    """Names of all types of the database, a city's own included, by category and code (``matter-06020``)."""
    cur.execute("select category || '-' || type_code, type_name from wangge.case_types")
    return dict(cur.fetchall())


def write_case_types(cur: Cursor) -> None:
    """Bring the types of this version into the database; a city's own further types stay, and so does a changed name.

    Parameters
    ----------
    cur : cursor
        Of the owner.
    """
    for entry in case_types():
        cur.execute(
            "insert into wangge.case_types (category, class_code, class_name, type_code, type_name)"
            " values (%s, %s, %s, %s, %s) on conflict do nothing",
            (entry.category, entry.class_code, entry.class_name, entry.type_code, entry.type_name),
        )
