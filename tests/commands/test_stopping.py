"""Whatever stops a command, nothing half-made stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from mne_shallowalign.commands._stopping import Stopped, stoppable

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")

# A command that has half-filled its folder, and would take an hour more.
SLOW = """
import sys, time
from pathlib import Path
from mne_shallowalign.commands import sys_info
from mne_shallowalign.commands._output import whole_folder
from mne_shallowalign.commands.main import main

def run(args):
    with whole_folder(Path(sys.argv[1])) as part:
        (part / "half.npy").touch()
        print("ready", flush=True)
        time.sleep(3600)

sys_info.run = run
sys.exit(main(["sys-info"]))
"""


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("SIGINT", 130, "interrupted"),
        ("SIGTERM", 143, "stopped by SIGTERM"),
        ("SIGHUP", 129, "stopped by SIGHUP"),
    ],
)
def test_it_cleans_up_and_says_so(name, code, words, tmp_path):
    number = getattr(signal, name)
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(
            number,
            signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL,
        ),
    ) as process:
        assert process.stdout.readline() == "ready\n"
        assert list(tmp_path.iterdir())  # half of it
        process.send_signal(number)
        error = process.communicate(timeout=60)[1]
    assert process.returncode == code
    assert error == f"mne-shallowalign sys-info: error: {words}\n"
    assert not list(tmp_path.iterdir())


def test_handlers_are_there_only_while_it_runs():
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with pytest.raises(Stopped) as stopped, stoppable():
            os.kill(os.getpid(), signal.SIGTERM)
        assert stopped.value.code == 143
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_what_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as nohup does
    try:
        with stoppable():
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_fork_is_ended_without_cleaning_up(tmp_path):
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with stoppable():
            child = os.fork()
            if not child:
                try:
                    os.kill(os.getpid(), signal.SIGTERM)
                finally:
                    (tmp_path / "cleaned").touch()
                    os._exit(0)
            status = os.waitpid(child, 0)[1]
    finally:
        signal.signal(signal.SIGTERM, before)
    assert os.WTERMSIG(status) == signal.SIGTERM
    assert not (tmp_path / "cleaned").exists()


def test_outside_the_main_thread_nothing_changes():
    found = []

    def look():
        with stoppable():
            found.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [before]
