"""Commands of the service itself: up, down, status, doctor."""

from __future__ import annotations

import argparse
from typing import Any

from config.machine import service
from config.machine.database import cluster_of, reachable
from config.machine.doctor import examine
from config.machine.prepared import prepare, sample_key
from config.machine.running import read
from config.settings import Settings, load
from config.terminal import Terminal
from geo.errors import Conflict
from layers.situation.rules import read_rules

NOT_RUNNING = 3


def add(commands: Any, terminal: Terminal) -> None:
    """Add these commands to the command line."""
    up = commands.add_parser("up", help=terminal.text("cli.up"), description=terminal.text("cli.up"))
    up.add_argument("--port", type=int, metavar="N", help=terminal.text("cli.up.port"))
    up.add_argument("--host", metavar="ADDRESS", help=terminal.text("cli.up.host"))
    up.add_argument("--empty", action="store_true", help=terminal.text("cli.up.empty"))
    up.add_argument("--detach", action="store_true", help=terminal.text("cli.up.detach"))
    up.set_defaults(run=run_up)
    for name, run in (("down", run_down), ("status", run_status), ("doctor", run_doctor)):
        text = terminal.text(f"cli.{name}")
        commands.add_parser(name, help=text, description=text).set_defaults(run=run)


def run_up(args: argparse.Namespace, terminal: Terminal) -> int:
    """Set up, migrate, load the sample city into a bare database, and serve."""
    settings = load(host=args.host, port=args.port)
    # a wrong file is told here, not to the log of a worker that does not start
    read_rules(settings.rules)
    found = read(settings)
    if found and found.alive:
        if found.local_url != service.local_url(settings):
            raise Conflict("cli.runs-elsewhere", url=found.base_url)
        terminal.tell("cli.runs-already")
        _tell_addresses(settings, terminal)
        return 0
    if found:
        found.stop_orphans()
    service.check_port(settings)
    if settings.private_cluster and not cluster_of(settings).made():
        terminal.note(terminal.text("cli.making-cluster"))
    with reachable(settings) as complete:
        prepare(complete, terminal, empty=args.empty)
        if args.detach:
            service.serve_detached(settings)
            _tell_addresses(settings, terminal)
            return 0
        return service.serve(settings, lambda: _tell_ready(settings, terminal))


def run_down(args: argparse.Namespace, terminal: Terminal) -> int:
    """Stop what runs, and wait until it is gone."""
    terminal.tell("cli.stopped" if service.down(load()) else "cli.not-running")
    return 0


def run_status(args: argparse.Namespace, terminal: Terminal) -> int:
    """Say what runs where; exit 3 when nothing does."""
    settings = load()
    found = read(settings)
    running = found is not None and found.alive
    if found is not None and running:
        key = "cli.status.answers" if service.answers(found.local_url) else "cli.status.silent"
        terminal.tell(key, url=found.base_url, pid=found.pid)
    else:
        terminal.tell("cli.not-running")
    if settings.private_cluster:
        cluster = cluster_of(settings)
        state = "missing" if not cluster.made() else "running" if cluster.running() else "stopped"
        terminal.tell(f"cli.status.cluster-{state}", folder=cluster.folder)
    else:
        terminal.tell("cli.status.own-server")
    terminal.tell("cli.status.log", folder=settings.log_dir)
    return 0 if running else NOT_RUNNING


def run_doctor(args: argparse.Namespace, terminal: Terminal) -> int:
    """List what is missing on this machine and the command that mends it; exit 1 when something is."""
    settings, wrong = load(), False
    for check in examine(settings):
        mark = {"ok": "✓", "missing": "✗", "optional": "·"}[check.state]
        terminal.out(f"{mark} {terminal.text(check.key, **check.values)}")
        if check.state != "ok" and check.remedy:
            terminal.out(f"    {terminal.text(check.remedy, **check.values)}")
        wrong |= check.state == "missing"
    terminal.tell("cli.doctor.wrong" if wrong else "cli.doctor.right")
    found = read(settings)
    if not wrong and not (found and found.alive):
        terminal.tell("cli.doctor.start")
    return int(wrong)


def _tell_ready(settings: Settings, terminal: Terminal) -> None:
    _tell_addresses(settings, terminal)
    terminal.tell("cli.ready.stop")


def _tell_addresses(settings: Settings, terminal: Terminal) -> None:
    terminal.tell("cli.ready", url=settings.base_url)
    key = sample_key(settings)
    if key:
        terminal.tell("cli.ready.key", secret=key)
    else:
        terminal.tell("cli.ready.no-key")
