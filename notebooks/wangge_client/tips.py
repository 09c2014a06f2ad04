"""What a map says of a feature under the pointer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from wangge_client.looks import Look

MOST = 8
"""Fields that are shown where nobody chose: more is read in the table."""
_YES = {"zh": ("否", "是"), "en": ("no", "yes")}


def tips(
    frame: pd.DataFrame, look: Look, lang: str, fields: Sequence[str] | None, titles: Mapping[str, str]
) -> tuple[list[str], list[list[str]]]:
    """Titles of fields, and their values a row as people write them; a value that is missing is empty.

    Parameters
    ----------
    frame : DataFrame
        Columns without geometry.
    look : Look
        Of its layer: titles, units, what values mean.
    lang : str
        ``zh`` or ``en``.
    fields : sequence of str, optional
        Which columns; when None those that the layer has, or all where it has none of them, `MOST` of them.
    titles : mapping
        Titles that go before the layer's.

    Raises
    ------
    KeyError
        When a field is no column.
    """
    if fields is None:
        known = [name for name in frame.columns if name in look.fields and frame[name].notna().any()]
        named = [name for name in titles if name in frame.columns and name not in known]
        fields = [*named, *(known or [name for name in frame.columns if name not in named])][:MOST]
    columns = [
        [said(value, lang, look.meanings(name), look.unit_of(name)) for value in frame[name]] for name in fields
    ]
    heads = [titles.get(name) or look.title_of(name) for name in fields]
    return heads, [list(row) for row in zip(*columns, strict=True)]


def said(value: Any, lang: str, meanings: Mapping[str, str], unit: str) -> str:
    """A value as people write it; nothing for one that is missing."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if value is None or pd.isna(value):
        return ""
    if pd.api.types.is_bool(value):
        return _YES.get(lang, _YES["en"])[bool(value)]
    if pd.api.types.is_integer(value):
        return f"{value:,}{unit}"
    if pd.api.types.is_float(value):
        return f"{float(f'{value:.4g}') if abs(value) < 1000 else round(value):,}".removesuffix(".0") + unit
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}" if value == value.normalize() else f"{value:%Y-%m-%d %H:%M}"
    return meanings.get(str(value), str(value))
