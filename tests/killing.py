"""A program that is killed in the middle, for the tests of what is left then."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import eventlab as el

ROOT = Path(el.__file__).parents[1]


def killed(program, path, seconds):
    """Run a program on a file, kill it so long after it is ready, and return what it has said since.

    It says ``ready``, then a line for whatever it has done.
    """
    with subprocess.Popen(
        [sys.executable, "-c", program, path], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        lines = process.stdout.read().split("\n")[:-1]  # the last line may be torn
        assert process.wait() == -signal.SIGKILL
    return lines
