"""The command line: finds the command, and says what went wrong in one line that a person can act on."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NoReturn

from pydantic import ValidationError

from config.commands import backup, bench, check, city, data, key, notebooks, process, qgis, records, service
from config.settings import PREFIX, PROJECT, language, load
from config.terminal import Terminal
from geo.errors import InvalidInput, WanggeError

GROUPS = (
    service, city, data, process, check, qgis, notebooks, records,
    bench, key, backup,
)  # fmt: skip
WRONG, BROKEN, INTERRUPTED = 2, 3, 130


class Parser(argparse.ArgumentParser):
    """A parser whose own words follow the terminal's language."""

    terminal = Terminal("en")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **{**kwargs, "add_help": False})  # type: ignore[arg-type]
        self._positionals.title = self.terminal.text("cli.arguments")
        self._optionals.title = self.terminal.text("cli.options")
        self.add_argument("-h", "--help", action="help", help=self.terminal.text("cli.help"))

    def error(self, message: str) -> NoReturn:
        """Leave by the one door for errors instead of argparse's own."""
        raise InvalidInput("cli.usage", message=message, command=self.prog)

    def format_help(self) -> str:
        """Help with the word before the usage translated."""
        return super().format_help().replace("usage: ", self.terminal.text("cli.usage-is"), 1)


def parser(terminal: Terminal) -> argparse.ArgumentParser:
    """The parser of all commands, each with a ``run`` that takes the arguments and the terminal."""
    spoken = type("SpokenParser", (Parser,), {"terminal": terminal})
    top: argparse.ArgumentParser = spoken(
        prog="./wangge", description=terminal.text("cli.about"), epilog=terminal.text("cli.more")
    )
    commands = top.add_subparsers(metavar=terminal.text("cli.command"), title=terminal.text("cli.commands"))
    for group in GROUPS:
        group.add(commands, terminal)
    # The launcher answers this one; it stands here so that the help has it.
    commands.add_parser("test", help=terminal.text("cli.test")).set_defaults(run=_only_the_launcher)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process when not given.

    Returns
    -------
    int
        0 when it went well, 2 when the caller can mend what was wrong, 3 for a fault of ours, else the command's own.
    """
    terminal = Terminal(language())
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        top = parser(terminal)
        if given in ([], ["help"]):
            terminal.out(top.format_help().rstrip())
            return 0
        args = top.parse_args(given)
        code: int = args.run(args, terminal)
    except WanggeError as error:
        terminal.note(terminal.text("cli.error", message=terminal.text(error.key, **error.values)))
        return WRONG
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            name = PREFIX + ".".join(str(step) for step in problem["loc"]).upper()
            terminal.note(terminal.text("cli.setting", name=name, value=problem["input"], reason=problem["msg"]))
        return WRONG
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has left, as `head` does; the flush at exit must not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception:  # noqa: BLE001 - the rim: whatever it is, the log takes it and the person a reference
        terminal.note(terminal.text("cli.fault", **_written_down(given)))
        return BROKEN
    return code


def _only_the_launcher(args: argparse.Namespace, terminal: Terminal) -> int:
    raise InvalidInput("cli.test.launcher")


def _written_down(given: Sequence[str]) -> dict[str, object]:
    """Put the error at hand into the log file; returns its reference and the file."""
    reference = secrets.token_hex(4)
    try:
        folder = load().log_dir
    except Exception:  # noqa: BLE001 - the settings themselves may be what is wrong
        folder = PROJECT / "data" / "log"
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "cli.log"
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{datetime.now(UTC).isoformat()} {reference} {' '.join(given[:1])}\n{traceback.format_exc()}\n")
    return {"reference": reference, "log": log}


if __name__ == "__main__":
    sys.exit(main())
