"""Change sets: opened, listed, closed without being published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from psycopg2.extensions import cursor as Cursor

from geo.errors import Forbidden, InvalidInput, NeedsKey
from geo.finding import Finding
from layers.changes.edited_divisions import reverse_divisions
from layers.changes.edits import lock_set
from layers.changes.flags import flag
from layers.changes.refusals import worded
from layers.database.database import Database
from layers.identity import current

LEAST_ROLE: Final = "editor"
STATES: Final = ("open", "published", "abandoned")
_LONGEST_TITLE: Final = 200

_OPEN: Final = "select wangge.open_change_set(%s)"
_OPEN_ASIDE: Final = "select wangge.open_set_aside(%s)"
_ABANDON: Final = "select wangge.abandon_edits(%s, %s)"
_REVERSE: Final = "select wangge.reverse_publication(%s, %s)"
_LIST: Final = """
    select sets.id, title, author, state, is_current, owner = wangge.asking_owner(), reverses, opened_at, closed_at,
        count(edited.id) filter (where op = 'create'), count(edited.id) filter (where op = 'update'),
        count(edited.id) filter (where op = 'delete'),
        (select count(*) from wangge.edited_divisions as division where division.change_set = sets.id),
        (select count(*) from wangge.findings where findings.change_set = sets.id and severity = 'error'),
        publication.id, publication.published_by, publication.published_at, publication.day
    from wangge.change_sets as sets
    left join wangge.edited_grids as edited on edited.change_set = sets.id
    left join wangge.publications as publication on publication.change_set = sets.id
    where sets.state = any(%s)
    group by sets.id, publication.id order by sets.id desc limit %s
"""


@dataclass(frozen=True)
class ChangeSet:
    """What is kept of a set.

    Attributes
    ----------
    id : int
    title, author : str
        The author is the name of a key or login, not of a person.
    state : str
        One of `STATES`.
    current, own : bool
        Whether writes go to it that name none; whether it is the asker's.
    reverses : int or None
        The publication that it takes back.
    opened_at, closed_at : datetime or None
    created, changed, deleted : int
        Edits of grids by what they do.
    divisions : int
        How many divisions it changes or ends.
    errors : int
        Findings that would keep it from being published.
    publication : int or None
    published_by, published_at, day
        Of a published one.
    """

    id: int
    title: str
    author: str
    state: str
    current: bool
    own: bool
    reverses: int | None
    opened_at: datetime
    closed_at: datetime | None
    created: int
    changed: int
    deleted: int
    divisions: int
    errors: int
    publication: int | None
    published_by: str | None
    published_at: datetime | None
    day: date | None


def require_editor() -> None:
    """NeedsKey or Forbidden when the current identity is no editor."""
    if not current().reaches(LEAST_ROLE):
        raise (NeedsKey if current().role == "public" else Forbidden)("change-set.role")


def open_change_set(database: Database, title: str) -> int:
    """Number of a new set of the current identity, to which it writes from now on; its others stay open.

    Raises
    ------
    InvalidInput, NeedsKey, Forbidden
        Without a title; when the identity is no editor.
    """
    require_editor()
    words = title.strip()
    if not words or len(words) > _LONGEST_TITLE or "\x00" in words:
        raise InvalidInput("change-set.title", longest=_LONGEST_TITLE)
    with worded(), database.transaction() as cur:
        cur.execute(_OPEN, (words,))
        ((number,),) = cur.fetchall()
    return int(number)


def open_aside(cur: Cursor, title: str) -> int:
    """Number of a new set for the caller's transaction alone: what is written in it goes there, and the asker's current
    set stays what it is.
    """
    cur.execute(_OPEN_ASIDE, (title,))
    ((number,),) = cur.fetchall()
    cur.execute("select set_config('wangge.change_set', %s, true)", (str(number),))
    return int(number)


def abandon(database: Database, change_set: int, ids: Sequence[str] | None = None) -> int:
    """Close a set without publishing it, or drop the edits of some of its grids; how many edits went.

    Raises
    ------
    NotFound, Forbidden, Conflict
        When there is no such set, it is another's, or is not open.
    """
    with worded(change_set), database.transaction() as cur:
        cur.execute("select set_config('wangge.change_set', %s, true)", (str(change_set),))
        cur.execute(_ABANDON, (change_set, None if ids is None else list(ids)))
        ((dropped,),) = cur.fetchall()
        if ids is not None and dropped:
            # what was wrong with the grids that are left may have hung on those that went
            flag(cur, change_set, None)
    return int(dropped)


def check_set(database: Database, change_set: int) -> list[Finding]:
    """Check all edits of an open set again, and keep what is found.

    The set is locked first: edits whose transactions are under way are waited for, and so are in the check.

    Raises
    ------
    NotFound, Forbidden, Conflict
        When there is no such set, it is another's, or is not open.
    """
    with worded(change_set), database.transaction() as cur:
        cur.execute("select set_config('wangge.change_set', %s, true)", (str(change_set),))
        return flag(cur, lock_set(cur), None)


def reverse(database: Database, publication: int, title: str) -> int:
    """Number of a new set that takes a publication back: its grids as they were before.

    Codes that the publication ended are not used again, so grids that come back whole get new ones. Divisions come back
    under the codes that they had, which are not the city's to give.

    Raises
    ------
    NotFound, Conflict
        When there is no such publication, or others have changed its grids since.
    """
    require_editor()
    with worded(publication), database.transaction() as cur:
        cur.execute(_REVERSE, (publication, title.strip()[:_LONGEST_TITLE]))
        ((number,),) = cur.fetchall()
        cur.execute("select set_config('wangge.change_set', %s, true)", (str(number),))
        reverse_divisions(cur, publication, number)
        flag(cur, number, None)
    return int(number)


def list_change_sets(database: Database, states: Sequence[str] = STATES, limit: int = 100) -> list[ChangeSet]:
    """The newest sets first; only editors see any."""
    require_editor()
    with database.transaction() as cur:
        cur.execute(_LIST, (list(states), limit))
        return [ChangeSet(*row) for row in cur.fetchall()]
