"""What OGC API - Records lets a client look for beside filters: words, ids, and ids that others gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from layers.database.sqltext import Sql, joined
from layers.records.words import terms_of

PARAMETERS = frozenset(["q", "ids", "externalIds"])
SCHEME = "data-items"
"""Scheme of the codes that the city gives its data items."""


@dataclass(frozen=True)
class Search:
    """A search.

    Attributes
    ----------
    terms : tuple of tuple of str, or None
        Of ``q``: words that have to be there together, one such group at least.
    ids, codes : tuple of str, or None
        Of ``ids`` and ``externalIds``; an empty one finds nothing.
    """

    terms: tuple[tuple[str, ...], ...] | None = None
    ids: tuple[str, ...] | None = None
    codes: tuple[str, ...] | None = None


def parse_search(params: Mapping[str, str]) -> Search | None:
    """The search of query parameters; None where they hold none."""
    if not PARAMETERS & set(params):
        return None
    return Search(
        terms=terms_of(params["q"]) if params.get("q", "").strip() else None,
        ids=_listed(params["ids"]) if "ids" in params else None,
        codes=_codes(params["externalIds"]) if "externalIds" in params else None,
    )


def search_conditions(search: Search) -> list[Sql]:
    """What the found records fulfil."""
    found = []
    if search.terms is not None:
        # a search of nothing but signs finds nothing
        groups = [Sql("words @> %s::text[]", (list(words),)) for words in search.terms] or [Sql("false")]
        found.append(joined(groups, " or "))
    for column, values in (("id", search.ids), ("code", search.codes)):
        if values is not None:
            found.append(Sql(f"{column} = any(%s::text[])", (list(values),)))
    return found


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def _codes(text: str) -> tuple[str, ...]:
    """Codes without their scheme; those of another scheme are nobody's."""
    pairs = [part.rpartition(":") for part in _listed(text)]
    return tuple(value for scheme, _, value in pairs if scheme in ("", SCHEME))
