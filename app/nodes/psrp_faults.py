"""What pypsrp and what it is built on may raise, as the errors of this package. Imports pypsrp: load it when connecting.

Two questions decide: was the request for the command under way already (then nobody knows what became of it), and if not,
what has to be done. Codes of faults: MS-WSMV and wsmerror.h.
"""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET
from importlib import import_module

import requests
import spnego.exceptions
from pypsrp.exceptions import AuthenticationError, WinRMError, WinRMTransportError, WSManFaultError

from app.nodes.errors import AuthenticationRefused, ConnectionCut, NodeError, Unreachable
from app.nodes.target import Target
from app.nodes.windows_errors import (
    AccessRefused,
    CertificateRefused,
    ClockSkew,
    NodeBusy,
    NotWinRM,
    RealmUnknown,
    SignInUnavailable,
)

ACCESS_DENIED = 5
QUOTAS = frozenset({2150859173, 2150859174, 2150859175, 2150859176})
AGAIN = frozenset({400, 408, 425, 429, 502, 503, 504})
"""HTTP: 400 is how HTTP.sys answers what was sealed for a connection that is gone."""

NO_REALM = (
    "realm",
    "not found in Kerberos database",
    "KDC reply did not match expectations",
)
"""What MIT Kerberos says of a realm that it does not know, or that does not know the user or the service; it is not localised."""


class PinBroken(Exception):
    """The node shows another certificate than the pinned one. Nothing was sent."""


def _kerberos() -> tuple[type[Exception], ...]:
    try:
        return (import_module("krb5").Krb5Error,)
    except ImportError:
        return ()


KERBEROS: tuple[type[Exception], ...] = (spnego.exceptions.SpnegoError, *_kerberos())
# the last ones: what pypsrp trips over when an answer is no WinRM at all
FAULTS: tuple[type[Exception], ...] = (
    *(WinRMError, requests.RequestException, *KERBEROS, OSError, ImportError, ET.ParseError),
    *(ValueError, LookupError, AttributeError, struct.error),
)
ANYTHING: tuple[type[Exception], ...] = (NodeError, *FAULTS)
"""What may come of tidying up, where it does not matter."""


def translate(target: Target, error: Exception, *, sent: bool) -> Exception:
    """The error to raise: a NodeError, or PinBroken."""
    where = target.where
    if isinstance(error, NodeError):
        return error
    if sent:
        return ConnectionCut(where, _detail(error))
    if isinstance(error, AuthenticationError):
        if "authentication methods" in str(error):
            return SignInUnavailable(where, _kind(target), _detail(error))
        return AuthenticationRefused(where, target.user, _kind(target), "psrp")
    if isinstance(error, WSManFaultError):
        return _fault(target, error)
    if isinstance(error, WinRMTransportError):
        if error.code in AGAIN:
            return Unreachable(where, f"HTTP {error.code}", "psrp")
        return NotWinRM(where, f"HTTP {error.code}")
    if isinstance(error, KERBEROS):
        return _refused_by_kerberos(target, error)
    return _other(target, error)


def _other(target: Target, error: Exception) -> Exception:
    if isinstance(error, requests.exceptions.SSLError):
        told = _detail(error)
        if "ingerprint" in told:
            return PinBroken()
        if "certificate verify failed" in told:
            return CertificateRefused(target.where, told.rpartition("certificate verify failed: ")[2])
        return Unreachable(target.where, told, "psrp")
    if isinstance(error, OSError):
        return Unreachable(target.where, _detail(error), "psrp")
    if isinstance(error, ImportError):
        return SignInUnavailable(target.where, _kind(target), _detail(error))
    return NotWinRM(target.where, _detail(error))


def _fault(target: Target, error: WSManFaultError) -> NodeError:
    if error.code == ACCESS_DENIED:
        return AccessRefused(target.where, target.user)
    told = str(error.reason or error.provider_fault or error.code)[:300]
    if error.code in QUOTAS:
        return NodeBusy(target.where, told)
    return Unreachable(target.where, f"{error.code}: {told}", "psrp")


def _refused_by_kerberos(target: Target, error: Exception) -> NodeError:
    told = _detail(error)
    if "skew" in told.lower():
        return ClockSkew(target.where)
    absent = (spnego.exceptions.BadMechanismError, spnego.exceptions.FeatureMissingError)
    if isinstance(error, absent) or "not available" in told:
        return SignInUnavailable(target.where, _kind(target), told)
    if any(words in told for words in NO_REALM):
        return RealmUnknown(target.where, target.user, told)
    return AuthenticationRefused(target.where, target.user, f"{_kind(target)}: {told}", "psrp")


def _kind(target: Target) -> str:
    credential = target.credential
    return "certificate" if credential.kind == "certificate_file" else credential.windows.auth


def _detail(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:300]
