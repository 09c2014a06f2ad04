"""Who asks: the role that row-level security sees, carried through the request's context."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

ROLES = ("public", "staff", "editor", "admin")
"""Roles from the least to the most; each may do what those before it may."""


@dataclass(frozen=True)
class Identity:
    """Who asks.

    Attributes
    ----------
    role : str
        One of `ROLES`.
    township : str or None
        9-digit code of the one township that a staff member sees; None means all of them.
    name : str
        Name of the key, for the log; never that of a person.
    key : int or None
        Number of the key; what one key owns no other sees. None for who asks without one.
    change_set : int or None
        The change set that is looked at or written to; None for the current one of the key.
    """

    role: str = "public"
    township: str | None = None
    name: str = ""
    key: int | None = None
    change_set: int | None = None

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ValueError(f"unknown role {self.role!r}")

    def reaches(self, role: str) -> bool:
        """Whether this identity may do what ``role`` may."""
        return ROLES.index(self.role) >= ROLES.index(role)

    @property
    def scope(self) -> str:
        """What two identities share when they see the same rows: the key of counts and cached tiles."""
        if self.role == "public":
            return "public"
        return self.township or "staff"


PUBLIC = Identity()
ADMIN = Identity("admin", name="local")

_asking: ContextVar[Identity] = ContextVar("wangge_identity", default=PUBLIC)


def current() -> Identity:
    """Identity of the request that this thread serves; the public's where none was set."""
    return _asking.get()


@contextmanager
def acting(identity: Identity) -> Iterator[Identity]:
    """Make ``identity`` the current one for a block."""
    token = _asking.set(identity)
    try:
        yield identity
    finally:
        _asking.reset(token)
