"""The system account that PostgreSQL runs as.

PostgreSQL refuses to run as root, so root drops to the account that the system's package made; anybody else runs it as
themselves.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from geo.errors import InvalidInput

SYSTEM_ACCOUNT = "postgres"
# A known environment: PG* variables and the locale of whoever calls must not change what a cluster becomes.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True)
class Account:
    """A user of this machine.

    Attributes
    ----------
    name : str
        Name that the kernel's peer credentials lead to.
    uid, gid : int
        Numbers of the user and of its own group.
    """

    name: str
    uid: int
    gid: int

    @classmethod
    def of_caller(cls) -> Account:
        """The account of this process.

        Raises
        ------
        InvalidInput
            When the system doesn't know its number by a name: PostgreSQL can't run then.
        """
        try:
            entry = pwd.getpwuid(os.geteuid())
        except KeyError:
            raise InvalidInput("cli.nameless-account", uid=os.geteuid()) from None
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)

    @classmethod
    def for_cluster(cls) -> Account:
        """The account that may run PostgreSQL: the caller's, or the package's when the caller is root."""
        if os.geteuid() != 0:
            return cls.of_caller()
        try:
            entry = pwd.getpwnam(SYSTEM_ACCOUNT)
        except KeyError:
            raise InvalidInput("cli.no-postgres-account", account=SYSTEM_ACCOUNT) from None
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)

    def run(self, command: Sequence[str | Path], given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command as this account, its output captured; the caller looks at the return code."""
        arguments = [os.fspath(part) for part in command]
        if self.uid == os.geteuid():
            return subprocess.run(
                arguments, input=given, text=True, capture_output=True, env=ENVIRONMENT, cwd="/", check=False
            )
        return subprocess.run(
            arguments, input=given, text=True, capture_output=True, env=ENVIRONMENT, cwd="/", check=False,
            user=self.uid, group=self.gid, extra_groups=[],
        )  # fmt: skip

    def can_enter(self, folder: Path) -> bool:
        """Whether this account can pass to an existing folder, every folder above it included."""
        return self.run(["/bin/sh", "-c", 'cd "$1"', "sh", folder]).returncode == 0

    def own_folder(self, folder: Path) -> None:
        """Make a folder that this account alone (and root) can enter.

        Raises
        ------
        InvalidInput
            When something of another account stands there, as anybody can arrange below /tmp.
        """
        if not folder.is_symlink() and not folder.exists():
            folder.mkdir(mode=0o700)
            if self.uid != os.geteuid():
                os.chown(folder, self.uid, self.gid)
        found = folder.lstat()
        if folder.is_symlink() or not folder.is_dir() or found.st_uid != self.uid:
            raise InvalidInput("cli.foreign-folder", path=folder, account=self.name)
        folder.chmod(0o700)

    def write(self, path: Path, text: str) -> None:
        """Put a file in place as this account, so that root never writes through a link that the account laid."""
        done = self.run(["/bin/sh", "-c", 'umask 077; cat >"$1.new" && mv "$1.new" "$1"', "sh", path], given=text)
        if done.returncode:
            raise InvalidInput("cli.cannot-write", path=path, reason=done.stderr.strip())
