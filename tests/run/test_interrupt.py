"""Ctrl-C twice: the first asks to stop after the batch, the second ends the process at once: RELIABILITY S02."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from nnctl.checkpoint import load_state

SPEC = """\
data: {source: points.csv, target: y}
layers: [{Dense: 1}]
loss: mse
fit: {epochs: 3, batch_size: 4}
callbacks: [Slow]
"""
PLUGIN = '''
import pathlib, time
from nnctl.callbacks import Callback
from nnctl.registry import register


@register("callback")
class Slow(Callback):
    """sleep in the middle of a batch, where a file called `sleep` asks for it"""

    def on_batch_end(self, batch, loss):
        if batch > 2 and pathlib.Path("sleep").exists():
            pathlib.Path("asleep").touch()
            time.sleep(100)
'''
COMMAND = [sys.executable, "-m", "nnctl", "train", "s.yaml", "--plugin", "slow.py", "--out", "run", "--save-every", "1"]


def wait_for(what: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_s02_twice_is_at_once_and_the_checkpoint_stays(tmp_path: Path) -> None:
    rows = "".join(f"{i % 7},{i % 5},{i % 3}\n" for i in range(40))
    (tmp_path / "points.csv").write_text("a,b,y\n" + rows)
    (tmp_path / "s.yaml").write_text(SPEC)
    (tmp_path / "slow.py").write_text(PLUGIN)
    (tmp_path / "sleep").touch()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(COMMAND, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    wait_for((tmp_path / "asleep").exists)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None  # it finishes its batch
    before = (tmp_path / "run" / "checkpoint.h5").read_bytes()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert (tmp_path / "run" / "checkpoint.h5").read_bytes() == before
    assert load_state(tmp_path / "run" / "checkpoint.h5")["trainer"]["batch"] == 2
    (tmp_path / "sleep").unlink()
    done = subprocess.run([*COMMAND, "--resume"], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
