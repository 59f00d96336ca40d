"""Who may log on to a node: passwords in memory, read from a file that only its owner may read. Never shows a password.

pyspnego's NTLM acceptor reads accounts from the file that NTLM_USER_FILE names, one for the whole process. `ntlm_file` lends it
one that lies in memory alone, for as long as one step takes.
"""

from __future__ import annotations

import hmac
import json
import os
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from app.lab.model import LabError

_VARIABLE = "NTLM_USER_FILE"
_ENVIRONMENT = threading.Lock()


class Accounts:
    """Accounts of one node. `certificates` maps a client certificate's common name to the account that it stands for.

    Names have no domain; clients may put the node's name, "." or nothing in front of them.
    """

    def __init__(self, passwords: Mapping[str, str], certificates: Mapping[str, str] | None = None) -> None:
        self._passwords: dict[str, tuple[str, str]] = {}
        self._certificates = dict(certificates or {})
        for name, password in passwords.items():
            self.set(name, password)

    def __repr__(self) -> str:
        return f"Accounts({sorted(name for name, _ in self._passwords.values())})"

    @classmethod
    def read(cls, file: Path) -> Accounts:
        """From JSON {"passwords": {name: password}, "certificates": {common name: name}}. Raises LabError, OSError."""
        if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise LabError(
                f"{file} can be read by others than its owner. Run: chmod 600 {file}",
                f"{file} が所有者以外からも読めます。chmod 600 {file} を実行してください。",
            )
        told = json.loads(file.read_text(encoding="utf-8"))
        return cls(told["passwords"], told.get("certificates"))

    def set(self, name: str, password: str) -> None:
        """Add an account or change its password. Raises LabError for what the file of NTLM accounts cannot hold."""
        if set(name + password) & set(":\r\n\\"):
            raise LabError(
                f"The name or the password of the account {name} contains a colon, a backslash or a line break: choose another.",
                f"アカウント {name} の名前かパスワードにコロン、円記号か改行が含まれています。別のものにしてください。",
            )
        self._passwords[name.lower()] = (name, password)

    def plain(self, name: str) -> str | None:
        """An account's own name for a name as a client writes it (NODE1\\administrator, .\\…); None if there is none."""
        known = self._passwords.get(name.rpartition("\\")[2].lower())
        return known[0] if known else None

    def check(self, name: str, password: str) -> str | None:
        """The account's own name if the password is right."""
        known = self._passwords.get(name.rpartition("\\")[2].lower())
        if known is None or not hmac.compare_digest(known[1].encode(), password.encode()):
            return None
        return known[0]

    def of_certificate(self, common_name: str) -> str | None:
        """The account that a client certificate stands for."""
        return self._certificates.get(common_name)

    @contextmanager
    def ntlm_file(self, domains: tuple[str, ...]) -> Iterator[None]:
        """Within this block, in this process, pyspnego's acceptor knows these accounts in these domains, and no others."""
        lines = [f"{domain}:{name}:{word}\n" for name, word in self._passwords.values() for domain in domains]
        file = os.memfd_create("accounts")
        try:
            os.write(file, "".join(lines).encode())
            with _ENVIRONMENT:
                before = os.environ.get(_VARIABLE, "")
                os.environ[_VARIABLE] = f"/proc/self/fd/{file}"
                try:
                    yield
                finally:
                    # not taken out again: a thread that is just reading the environment would stumble over the gap
                    os.environ[_VARIABLE] = before
        finally:
            os.close(file)
