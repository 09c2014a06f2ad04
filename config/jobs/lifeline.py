"""A process that does not outlive the one that started it, however that one ends."""

from __future__ import annotations

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with(parent: int, sent: signal.Signals) -> None:
    """Have the kernel send a signal to this process when its parent is gone.

    Parameters
    ----------
    parent : int
        Number of the process that started this one.
    sent : Signals
        SIGKILL ends it at once; SIGTERM lets it end in order.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(sent), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:  # it was gone before the kernel was told
        os.kill(os.getpid(), sent)
