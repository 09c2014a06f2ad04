"""Where notebooks ask, and with which key."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from config.commands.service import run_up
from config.machine.database import as_owner
from config.machine.running import read
from config.machine.service import local_url
from config.machine.throw_away import throw_away
from config.settings import Settings, load
from config.terminal import Terminal
from layers.keys import add_key, list_keys, revoke_key

ROLE = "editor"
"""What the stories need: one of them publishes."""


@dataclass(frozen=True)
class Visit:
    """A service, and who asks it.

    Attributes
    ----------
    url : str
        Its address.
    key : str or None
        None for the public, or for what the environment says.
    """

    url: str
    key: str | None


@contextmanager
def own_visit(terminal: Terminal) -> Iterator[Visit]:
    """The service of this project, started where it doesn't run, with a key that ends with the visit."""
    settings = load()
    found = read(settings)
    if not (found and found.alive):
        run_up(argparse.Namespace(host=None, port=None, empty=False, detach=True), terminal)
        found = read(settings)
    url = found.local_url if found else local_url(settings)
    with editing_key(settings) as key:
        yield Visit(url, key)


@contextmanager
def thrown_away_visit(terminal: Terminal) -> Iterator[Visit]:
    """A service with a sample city of its own, so that a story may publish what it likes."""
    with throw_away(terminal) as settings, editing_key(settings) as key:
        yield Visit(local_url(settings), key)


@contextmanager
def editing_key(settings: Settings) -> Iterator[str]:
    """A key that may edit and publish, for as long as the block lasts."""
    with as_owner(settings) as database:
        before = {key.id for key in list_keys(database)}
        secret = add_key(database, ROLE, None, "notebooks")
        number = max({key.id for key in list_keys(database)} - before)
    try:
        yield secret
    finally:
        with as_owner(settings) as database:
            revoke_key(database, number)
