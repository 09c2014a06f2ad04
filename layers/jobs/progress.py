"""How far a process has come: told by whoever works, heard by whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[float, float, str], None]

_listener: ContextVar[Listener | None] = ContextVar("wangge_progress", default=None)


def report(done: float, total: float, key: str = "job.running") -> None:
    """Say how far the work has come; nothing happens where nobody listens.

    Parameters
    ----------
    done, total : float
        In any unit.
    key : str
        Key of a text without placeholders that says what is being done.
    """
    listener = _listener.get()
    if listener is not None:
        listener(done, total, key)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Hear what `report` says within a block.

    Parameters
    ----------
    listener : callable
        Called with done, total and the text's key, in the thread that works; so it has to be quick.
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
