"""Two machines for the same batch files: Wine's cmd.exe in the tree of prepare.sh, and the lab's. Owns no expectation.

Wine runs in namespaces of its own, over a copy of the prefix that is gone with them: no mount and no process outlives a test
run, nothing reaches a network. Programs of Wine that nobody has found to be real are taken away first: a stub that returns 0
would be a yes that nobody said.
"""

from __future__ import annotations

import io
import os
import subprocess
import zipfile
from pathlib import Path
from typing import IO, Protocol

from pip._vendor import distlib

from tests.lab.windows.nodes import Nodes

ROOT = Path(os.environ.get("TEJUN_WINE") or Path(__file__).parents[2] / ".cache/wine").resolve()
SYSTEM32 = r"C:\windows\system32"
POWERSHELL = rf"{SYSTEM32}\WindowsPowerShell\v1.0\powershell.exe"
REAL = frozenset(
    {"cmd", "find", "net", "ping", "reg", "regsvr32", "sc", "taskkill", "tasklist", "where", "xcopy"}
)
"""Programs of Wine that do what Windows' do."""
_OWN = frozenset({
    "conhost", "explorer", "plugplay", "rpcss", "rundll32", "services", "svchost", "wineboot", "winedevice", "winemenubuilder",
})  # fmt: skip
"""What Wine itself needs."""
_SECONDS = 120
_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "ja_JP.UTF-8",
    "WINEPREFIX": "/root/prefix",
    "WINEDEBUG": "-all",
    "WINEDLLOVERRIDES": "mscoree,mshtml=;powershell.exe=n,b",
}
_ENTER = """
mount -t proc proc "$1/proc"
mount -t tmpfs tmpfs "$1/mnt"
mkdir "$1/mnt/upper" "$1/mnt/work"
mount -t overlay overlay -o "lowerdir=$1/root/prefix,upperdir=$1/mnt/upper,workdir=$1/mnt/work" "$1/root/prefix"
exec chroot "$1" sh -euc 'wineserver --persistent; wine cmd /d /c ver >/dev/null 2>&1 </dev/null; echo ready; exec cat >/dev/null'
"""
"""The last process ends with this one, as its input does, and takes the namespaces along."""


class Machine(Protocol):
    """Something with a drive C: and a cmd.exe."""

    drive: Path
    """C: as a folder of this machine, to read and write its files."""

    def start(self, file: str, *words: str) -> int:
        r"""`cmd /d /c FILE WORDS`, with nothing to read; its exit status, of which Wine tells the low 8 bits."""

    def close(self) -> None:
        """End it, with all that it runs."""


class Wine:
    """One Wine, with a prefix that nobody has used before."""

    def __init__(self) -> None:
        words = [
            "unshare",
            "--mount",
            "--pid",
            "--net",
            "--fork",
            "--kill-child",
            "sh",
            "-euc",
            _ENTER,
            "sh",
            str(ROOT / "tree"),
        ]
        self._first = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_ENVIRONMENT)
        if _stream(self._first.stdout).readline() != b"ready\n":
            self.close()
            raise AssertionError("Wine did not start")
        self._inside = Path(f"/proc/{self._first.pid}/task/{self._first.pid}/children").read_text().split()[0]
        self.drive = Path(f"/proc/{self._inside}/root/root/prefix/drive_c")
        self.taken = self._take_away()

    def _take_away(self) -> set[str]:
        """The names of the programs that were taken away."""
        taken = set()
        for path in (self.drive / "windows").rglob("*.exe"):
            if path.stem.lower() not in REAL | _OWN:
                path.unlink()
                taken.add(path.stem.lower())
        return taken

    def start(self, file: str, *words: str) -> int:
        enter = ["nsenter", "--target", self._inside, "--mount", "--pid", "--net", "--root", "--wd"]
        line = [*enter, "wine", rf"{SYSTEM32}\cmd.exe", "/d", "/c", file, *words]
        return subprocess.run(
            line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_ENVIRONMENT,
            timeout=_SECONDS, check=False,
        ).returncode  # fmt: skip

    def stand_in(self, place: str, batch: bytes) -> None:
        r"""Make a program at `place` (`C:\...`) of a batch file, which gets the program's place as %1 and then its words.

        The program is the launcher with which pip makes scripts into programs on Windows.
        """
        path = self.drive / place.removeprefix("C:\\").replace("\\", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".stand-in.cmd").write_bytes(batch)
        told = io.BytesIO()
        with zipfile.ZipFile(told, "w") as archive:
            archive.writestr("__main__.py", b"")
        line = rf"#!{SYSTEM32}\cmd.exe /d /c {place.removesuffix('.exe')}.stand-in.cmd"
        launcher = Path(distlib.__file__ or "").with_name("t64.exe").read_bytes()
        path.write_bytes(launcher + line.encode() + b"\n" + told.getvalue())

    def version(self) -> str:
        """`wine --version`."""
        enter = ["nsenter", "--target", self._inside, "--mount", "--pid", "--root"]
        return subprocess.check_output([*enter, "wine", "--version"], env=_ENVIRONMENT, text=True).strip()

    def close(self) -> None:
        _stream(self._first.stdin).close()
        self._first.wait(_SECONDS)
        _stream(self._first.stdout).close()


class Lab:
    """One node of the lab, in this process."""

    def __init__(self, folder: Path) -> None:
        self._nodes = Nodes(folder)
        self.computer = self._nodes.computers["node-a"]
        self.drive = self.computer.machine.files.drives.here("C:\\")

    def start(self, file: str, *words: str) -> int:
        return self._nodes.line("node-a", " ".join((rf"C:\Windows\System32\cmd.exe /d /c {file}", *words)))[1]

    def close(self) -> None:
        """Its processes are threads that have ended."""


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream
    return stream
