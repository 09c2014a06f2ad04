"""What a city is told about itself beyond its divisions: its English name and how its grids are coded."""

from __future__ import annotations

from psycopg2.extensions import cursor as Cursor

from geo.codes.schemes import scheme_of
from geo.errors import Conflict, InvalidInput


def describe_city(
    cur: Cursor, *, name_en: str | None = None, scheme: str | None = None
) -> tuple[str, str, str, str, int]:
    """Say what is given, and tell what stands then.

    Parameters
    ----------
    cur : cursor
        Of the owner.
    name_en : str, optional
        English name.
    scheme : str, optional
        Id of a coding scheme; it stays once a code was given out, since no code may mean two things.

    Returns
    -------
    (code, name, name_en, scheme, metric_srid)

    Raises
    ------
    InvalidInput
        Where there is no city yet, or no such scheme.
    Conflict
        When codes were given out by another scheme.
    """
    cur.execute("select code, name, name_en, scheme, metric_srid from wangge.city for update")
    held = cur.fetchone()
    if held is None:
        raise InvalidInput("city.none")
    if scheme is not None and scheme_of(scheme).id != held[3]:
        cur.execute("select count(*) from wangge.issued_codes")
        (issued,) = cur.fetchone() or (0,)
        if issued:
            raise Conflict("city.coded", scheme=held[3], count=issued)
    code, name, known_en, known_scheme, srid = held
    told = (known_en if name_en is None else name_en.strip(), known_scheme if scheme is None else scheme)
    if told != (known_en, known_scheme):
        cur.execute("update wangge.city set name_en = %s, scheme = %s", told)
        # the city is read again when the divisions have another version; a statement without a row gives them one
        cur.execute("update wangge.divisions set name = name where false")
    return code, name, *told, srid
