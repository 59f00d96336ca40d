"""A Kerberos realm for tests: MIT's krb5kdc on loopback, its database, keys and settings in a folder of the test alone.

Touches nothing of the system: `variables` names every file that libkrb5 would otherwise look for elsewhere, for the processes
that are to know this realm. `start(ahead=600)` has the KDC's own clock run ten minutes ahead of everybody else's.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

PROGRAMS = ("krb5kdc", "kdb5_util", "kadmin.local", "cc")
FOLDERS = "/usr/sbin:/usr/local/sbin:/usr/lib/mit/sbin:/usr/local/krb5/sbin"
START_LIMIT = 10.0  # seconds
CLOCK = Path(__file__).with_name("clock.c")


def missing() -> str:
    """Why there can be no Kerberos in these tests, "" where there can."""
    if absent := [name for name in PROGRAMS if _program(name) is None]:
        return f"no Kerberos on this machine: {', '.join(absent)}"
    if absent := [name for name in ("gssapi", "krb5") if find_spec(name) is None]:
        return f"no Kerberos on this machine: {', '.join(absent)} (make kerberos)"
    return ""


@dataclass
class Kdc:
    """One realm. `variables` is the environment of its members; `port` stays the same over a restart."""

    folder: Path
    realm: str = "LAB.TEST"
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    shifted: int = 0

    @property
    def variables(self) -> dict[str, str]:
        """What a process needs to belong to this realm, and to leave no file elsewhere."""
        return {
            "KRB5_CONFIG": str(self.folder / "krb5.conf"),
            "KRB5_KDC_PROFILE": str(self.folder / "kdc.conf"),
            "KRB5CCNAME": "MEMORY:tests",
            "KRB5RCACHENAME": f"file2:{self.folder / 'replays'}",
            "KRB5_KTNAME": str(self.folder / "nobody.keytab"),
            "KRB5_CLIENT_KTNAME": str(self.folder / "nobody.keytab"),
        }

    def make(self) -> None:
        """Settings and an empty database. Raises CalledProcessError."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.configure()
        (self.folder / "kdc.conf").write_text(
            f"[kdcdefaults]\n kdc_listen = 127.0.0.1:{self.port}\n kdc_tcp_listen = 127.0.0.1:{self.port}\n"
            f"[realms]\n {self.realm} = {{\n  database_name = {self.folder}/principals\n"
            f"  key_stash_file = {self.folder}/stash\n  acl_file = {self.folder}/acl\n"
            "  supported_enctypes = aes256-cts-hmac-sha1-96:normal\n  master_key_type = aes256-cts-hmac-sha1-96\n"
            "  default_principal_flags = +preauth\n }\n"
            f"[logging]\n kdc = FILE:{self.folder}/kdc.log\n admin_server = FILE:{self.folder}/admin.log\n"
            f" default = FILE:{self.folder}/krb5.log\n"
        )
        self._run("kdb5_util", "create", "-s", "-r", self.realm, "-P", "master of the tests")

    def configure(self, *, timesync: bool = True, kdc: bool = True, realm: str = "") -> None:
        """The members' krb5.conf. `timesync`: they take over the KDC's clock, as libkrb5 does unless told otherwise; `kdc`: they
        know where it is; `realm`: theirs where a user's name has none."""
        where = f"127.0.0.1:{self.port}" if kdc else "127.0.0.1:1"
        (self.folder / "krb5.conf").write_text(
            f"[libdefaults]\n default_realm = {realm or self.realm}\n dns_lookup_kdc = false\n dns_lookup_realm = false\n"
            " dns_canonicalize_hostname = false\n rdns = false\n udp_preference_limit = 1\n"
            f" kdc_timesync = {int(timesync)}\n forwardable = true\n"
            f"[realms]\n {self.realm} = {{\n  kdc = {where}\n }}\n[domain_realm]\n"
        )

    def add(self, principal: str, password: str | None = None, *options: str) -> None:
        """A principal; without a password a key that nobody knows. `options` are those of kadmin's add_principal."""
        key = "-randkey" if password is None else f'-pw "{password}"'
        self.administer(f"add_principal {' '.join(options)} {key} {principal}")

    def keytab(self, name: str, *principals: str) -> Path:
        """A keytab with the keys of these principals."""
        file = self.folder / name
        self.administer(f"ktadd -norandkey -k {file} {' '.join(principals)}")
        return file

    def administer(self, *statements: str) -> None:
        """Statements of kadmin.local. Raises RuntimeError with what it said."""
        done = self._run("kadmin.local", "-r", self.realm, text="".join(f"{each}\n" for each in statements))
        if any(line.startswith(("add_principal:", "kadmin", "ktadd:")) for line in done.stderr.splitlines()):
            raise RuntimeError(done.stderr)

    def start(self, ahead: int = 0) -> None:
        """Answer from now on. Raises RuntimeError where it does not."""
        environment, self.shifted = self._environment(), ahead
        if ahead:
            environment |= shifted(self.folder, ahead)
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(
                [_program("krb5kdc") or "krb5kdc", "-n", "-r", self.realm, "-P", str(self.folder / "pid")],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        ends = time.monotonic() + START_LIMIT
        while time.monotonic() < ends and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        self.stop()
        raise RuntimeError((self.folder / "output").read_text())

    def heal(self) -> None:
        """As on the first day: its clock is right, and its members find it."""
        self.stop()
        self.configure()
        self.start()

    def stop(self) -> None:
        """Answer no more."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(START_LIMIT)
            self.process = None

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"} | self.variables

    def _run(self, program: str, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [_program(program) or program, *arguments],
            env=self._environment(),
            input=text,
            text=True,
            capture_output=True,
            check=True,
            timeout=60,
        )


@contextmanager
def realm(folder: Path) -> Iterator[Kdc]:
    """A realm whose KDC answers and that this process belongs to, for as long as the block lasts."""
    kdc = Kdc(folder)
    kdc.make()
    kdc.start()
    with pytest.MonkeyPatch.context() as process:
        for name, value in kdc.variables.items():
            process.setenv(name, value)
        try:
            yield kdc
        finally:
            kdc.stop()


def shifted(folder: Path, ahead: int) -> dict[str, str]:
    """The environment of a process whose clock is so many seconds ahead. Compiles clock.c; raises CalledProcessError."""
    library = folder / "clock.so"
    if not library.exists():
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, CLOCK], check=True, timeout=60)
    return {"LD_PRELOAD": str(library), "TEJUN_CLOCK_AHEAD": str(ahead)}


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path=FOLDERS)
