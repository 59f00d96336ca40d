"""`tejun lab` as an operator uses it, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.lab import status
from tests.support.lab import ended

PROGRAM = "from app.lab.commands import lab_app; lab_app(prog_name='tejun lab')"


def tejun_lab(
    directory: Path, *arguments: str, language: str = "ja_JP.UTF-8"
) -> subprocess.CompletedProcess[str]:
    """Run `tejun lab …` on the lab in `directory`."""
    environment = {**os.environ, "TEJUN_LAB": str(directory), "LANG": language}
    environment.pop("TEJUN_LANGUAGE", None)
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_an_operator_starts_breaks_mends_and_stops_a_lab(tmp_path: Path) -> None:
    directory = tmp_path / "lab"
    try:
        started = tejun_lab(directory, "up", "--mode", "plain")
        assert (started.returncode, started.stdout.splitlines()[0][:9]) == (0, "ラボが起動しました")
        assert f"{directory}/cluster.yaml" in started.stdout
        assert tejun_lab(directory, "fault", "crash", "node-b").returncode == 0
        seen = tejun_lab(directory, "status", "--lang", "en").stdout
        assert "node-b" in seen
        assert "crashed" in seen
        refused = tejun_lab(directory, "fault", "explode", "node-b", language="en_US.UTF-8")
        assert (refused.returncode, refused.stderr[:18]) == (1, "no fault 'explode'")
        assert tejun_lab(directory, "fault", "slow", "node-a", "quickly").returncode == 2
        assert tejun_lab(directory, "up", "--mode", "ns").returncode == 1
        assert tejun_lab(directory, "down").returncode == 0
        assert tejun_lab(directory, "status").returncode == 1
    finally:
        ended(directory)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_lab_in_the_foreground_ends_with_its_process(tmp_path: Path, number: int) -> None:
    directory = tmp_path / "lab"
    environment = {**os.environ, "TEJUN_LAB": str(directory)}
    command = [sys.executable, "-c", PROGRAM, "up", "--foreground"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 30
        while not status(directory).running:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(20) == 0
    ended(directory)


@pytest.mark.parametrize("command", ["up", "down", "status", "reset", "fault"])
def test_every_command_explains_itself(tmp_path: Path, command: str) -> None:
    shown = tejun_lab(tmp_path, command, "--help")
    assert shown.returncode == 0
    assert shown.stdout.isascii() is False
