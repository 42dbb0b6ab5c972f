"""A command that is told to stop cleans up first."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# What a cluster's scheduler sends, and what the end of a connection does.
_SIGNALS = ("SIGTERM", "SIGHUP")


class Stopped(SystemExit):
    """A signal told this process to stop; its code is that of a shell."""

    def __init__(self, signum: int) -> None:
        self.name = signal.Signals(signum).name
        super().__init__(128 + signum)


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise :class:`Stopped` on signals that would end the process there and then.

    Signals that somebody else handles or ignores, as ``nohup`` does, stay as they are.

    Yields
    ------
    None
    """
    process = os.getpid()

    def stop(signum: int, frame: FrameType | None) -> None:
        if os.getpid() == process:
            raise Stopped(signum)
        # a fork of it must not clean up what is not its own
        signal.signal(signum, signal.SIG_DFL)
        os.kill(os.getpid(), signum)

    in_main_thread = threading.current_thread() is threading.main_thread()
    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    changed = [
        number
        for number in numbers
        if in_main_thread and signal.getsignal(number) is signal.SIG_DFL
    ]
    for number in changed:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)
