"""Who is at the other end of a connection: Basic, NTLM, Negotiate, Kerberos, CredSSP and client certificates. Knows no WSMan.

As on Windows a login belongs to the TCP connection; Basic and certificates are shown with every request, and only over TLS.
"""

from __future__ import annotations

import base64
import binascii
import importlib
import importlib.util
import os
import ssl
import struct
from dataclasses import dataclass
from pathlib import Path

import spnego

from app.lab.winrm.accounts import Accounts
from app.lab.winrm.scripts import Login
from app.lab.winrm.sealing import Seal

MUTUAL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
ALL = frozenset({"negotiate", "kerberos", "credssp", "basic", "certificate"})
_TOKENS = {"negotiate": "negotiate", "ntlm": "negotiate", "kerberos": "kerberos", "credssp": "credssp"}
_KEYTAB = "KRB5_KTNAME"  # libkrb5 has one for the process: set for each step, while nobody else makes one
_BROKEN = (spnego.exceptions.SpnegoError, ssl.SSLError, struct.error, ValueError, LookupError, TypeError)


@dataclass(frozen=True)
class Keytab:
    """The node's Kerberos keys: a ticket for any of them is taken, as on Windows for any name of the machine's account.
    `service`/`hostname` is how the node calls itself."""

    file: Path
    hostname: str
    service: str = "HTTP"


@dataclass(frozen=True)
class Verdict:
    """What is said to a request's credentials: a login, or a 401 with `challenges`; `token` goes back with either."""

    login: Login | None = None
    challenges: tuple[str, ...] = ()


class Doorkeeper:
    """Decides for one node. `schemes` are those that are allowed; what cannot work here is missing from `offered` and says why
    in `missing`."""

    def __init__(
        self, name: str, accounts: Accounts, schemes: frozenset[str] = ALL, keytab: Keytab | None = None
    ) -> None:
        self.name, self.accounts, self.keytab = name, accounts, keytab
        self.missing: dict[str, str] = {}
        self._allowed = set(schemes)
        if "kerberos" in schemes and (why := _no_kerberos(keytab)):
            self._allowed.discard("kerberos")
            self.missing["kerberos"] = why
        if "kerberos" in self._allowed:  # or pyspnego stumbles over an error that comes with a token
            importlib.import_module("gssapi").SecurityContext.__DEFER_STEP_ERRORS__ = False

    def offered(self, tls: bool) -> tuple[str, ...]:
        """WWW-Authenticate values, in Windows' order."""
        named = {"negotiate": "Negotiate", "kerberos": "Kerberos", "credssp": "CredSSP"}
        values = [text for scheme, text in named.items() if scheme in self._allowed]
        if tls and "basic" in self._allowed:
            values.append('Basic realm="WSMAN"')
        return tuple(values)

    @property
    def keys(self) -> str:
        """Path of the keytab, of an empty file where there is none: libkrb5 must not find that of the machine."""
        return str(self.keytab.file) if self.keytab and self.allows("kerberos") else os.devnull

    def allows(self, scheme: str) -> bool:
        """Whether a login of that kind is possible."""
        return _TOKENS.get(scheme, scheme) in self._allowed


class Guest:
    """One connection's login. `seal` is set when its messages may be sealed."""

    def __init__(self, doorkeeper: Doorkeeper, address: str, tls: bool) -> None:
        self._doorkeeper, self._address, self._tls = doorkeeper, address, tls
        self._context: spnego.ContextProxy | None = None
        self._login: Login | None = None
        self.seal: Seal | None = None

    def judge(self, authorization: str, common_name: str | None) -> Verdict:
        """What to say to one request; `common_name` of the client's certificate, if it showed one."""
        scheme, _, token = authorization.partition(" ")
        kind = scheme.lower()
        if authorization == MUTUAL:
            return self._certificate(common_name)
        if kind == "basic":
            return self._basic(token)
        if kind in _TOKENS and self._doorkeeper.allows(kind):
            return self._step(scheme, token)
        if not authorization and self._login is not None:
            return Verdict(self._login)
        return self._refused()

    def forget(self) -> None:
        """The context is of no use any more: a body came that it does not fit."""
        self._context = self._login = self.seal = None

    def _refused(self) -> Verdict:
        self.forget()
        return Verdict(None, self._doorkeeper.offered(self._tls))

    def _certificate(self, common_name: str | None) -> Verdict:
        account = self._doorkeeper.accounts.of_certificate(common_name or "")
        if account is None or not self._doorkeeper.allows("certificate"):
            return self._refused()
        return Verdict(Login(account, "certificate", self._address))

    def _basic(self, token: str) -> Verdict:
        try:
            name, _, password = base64.b64decode(token).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return self._refused()
        account = self._doorkeeper.accounts.check(name, password)
        if account is None or not self._tls or not self._doorkeeper.allows("basic"):
            return self._refused()
        return Verdict(Login(account, "basic", self._address))

    def _step(self, scheme: str, token: str) -> Verdict:
        kind = scheme.lower()
        domains = ("", ".", self._doorkeeper.name)
        try:
            with self._doorkeeper.accounts.ntlm_file(domains):
                os.environ[_KEYTAB] = self._doorkeeper.keys
                if self._context is None or self._context.complete:
                    self.forget()
                    self._context = self._new_context(kind)
                answer = self._context.step(base64.b64decode(token))
        except _BROKEN as error:
            return self._broken(scheme, error)
        back = (f"{scheme} {base64.b64encode(answer).decode()}",) if answer else ()
        if not self._context.complete:
            return Verdict(None, back) if back else self._refused()
        return self._logged_on(kind, self._context, back)

    def _broken(self, scheme: str, error: Exception) -> Verdict:
        """A 401; what Kerberos has to say of its reason (a KRB-ERROR: the clock, the key) goes with it, as on Windows."""
        told = getattr(getattr(error, "base_error", None), "token", None)
        refused = self._refused()
        return Verdict(None, (f"{scheme} {base64.b64encode(told).decode()}",)) if told else refused

    def _new_context(self, kind: str) -> spnego.ContextProxy:
        keytab = self._doorkeeper.keytab if self._doorkeeper.allows("kerberos") else None
        options = (
            spnego.NegotiateOptions.none if kind == "credssp" else spnego.NegotiateOptions.wrapping_winrm
        )
        if kind == "ntlm":
            options |= spnego.NegotiateOptions.use_ntlm
        elif keytab is None:
            options |= spnego.NegotiateOptions.use_negotiate
        service, hostname = (keytab.service, keytab.hostname) if keytab else ("HTTP", self._doorkeeper.name)
        return spnego.server(hostname=hostname, service=service, protocol=kind, options=options)

    def _logged_on(self, kind: str, context: spnego.ContextProxy, back: tuple[str, ...]) -> Verdict:
        principal = str(context.client_principal or "")
        account = self._doorkeeper.accounts.plain(principal.partition("@")[0])
        if account is None:
            return self._refused()
        scheme = kind if kind != "negotiate" else str(context.negotiated_protocol or kind)
        delegated = kind == "credssp" or bool(context.context_attr & spnego.ContextReq.delegate)
        self._login = Login(account, scheme, self._address, delegated=delegated)
        self.seal = Seal(context, kind)
        return Verdict(self._login, back)


def _no_kerberos(keytab: Keytab | None) -> str:
    """Why Kerberos cannot be offered, "" if it can."""
    absent = [module for module in ("gssapi", "krb5") if importlib.util.find_spec(module) is None]
    if absent:
        return f"Kerberos is not offered: the Python packages {' and '.join(absent)} are not installed."
    if keytab is None:
        return "Kerberos is not offered: the node has no keytab."
    return ""
