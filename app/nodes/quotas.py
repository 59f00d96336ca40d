"""What WinRM on a node allows this user, and which sessions it has there already, for the connection doctor. Blocking: call it
in a thread. Imports pypsrp: load it when connecting. Opens no shell and deletes nothing.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

from pypsrp.exceptions import AuthenticationError, WSManFaultError
from pypsrp.wsman import NAMESPACES, SelectorSet, WSMan

from app.domain.doctor_contact import NEEDED
from app.nodes.leftovers import is_left_over
from app.nodes.psrp import connection, shells
from app.nodes.psrp_faults import FAULTS, PinBroken, translate
from app.nodes.target import Target
from app.nodes.windows_errors import CertificateRefused

CONFIG = "http://schemas.microsoft.com/wbem/wsman/1/config"
PLUGIN = f"{CONFIG}/plugin"


@dataclass(frozen=True)
class Sessions:
    """How many shells this user has on the node, and how many of them belong to consoles of this machine that are gone."""

    everything: int
    left: int


@dataclass(frozen=True)
class Allowed:
    """`limits` by name, the lower one where service and plug-in differ. Empty, and `sessions` None: the node does not say."""

    limits: dict[str, int]
    sessions: Sessions | None


def ask(target: Target, timeout: float) -> Allowed:
    """Sign in and ask. Raises NodeError: nothing but questions was sent."""
    try:
        wsman = connection(target, timeout)
    except FAULTS as error:  # of Kerberos, which asks its realm at once
        raise translate(target, error, sent=False) from error
    try:
        limits: dict[str, int] = {}
        for name, value in (*_winrs(wsman), *_plugin(wsman)):
            limits[name] = min(value, limits.get(name) or value) if value else limits.get(name, 0)
        return Allowed(limits, _sessions(wsman))
    except FAULTS as error:
        told = translate(target, error, sent=False)
        if isinstance(told, PinBroken):  # it was the accepted one a moment ago
            told = CertificateRefused(target.where, "another certificate than before")
        raise told from error
    finally:
        wsman.close()


def _winrs(wsman: WSMan) -> list[tuple[str, int]]:
    body = _get(wsman, f"{CONFIG}/winrs", None)
    return _numbers([(_plain(each.tag), each.text or "") for each in body.iter()]) if body is not None else []


def _plugin(wsman: WSMan) -> list[tuple[str, int]]:
    which = SelectorSet()
    which.add_option("Name", "microsoft.powershell")
    body = _get(wsman, PLUGIN, which)
    if body is None:
        return []
    told = [pair for each in body.iter() if _plain(each.tag) == "Quotas" for pair in each.items()]
    return _numbers(told)


def _get(wsman: WSMan, resource: str, which: SelectorSet | None) -> ET.Element | None:
    """A part of the configuration; None where the node refuses or does not know it (who is no Administrator; WinRM 2.0)."""
    try:
        return wsman.get(resource, selector_set=which)
    except AuthenticationError:
        raise
    except WSManFaultError:
        return None


def _numbers(told: list[tuple[str, str]]) -> list[tuple[str, int]]:
    return [(name, int(value)) for name, value in told if name in NEEDED and value.isdigit()]


def _sessions(wsman: WSMan) -> Sessions | None:
    try:
        names = [shell.findtext("rsp:Name", None, NAMESPACES) for shell in shells(wsman)]
    except WSManFaultError:
        return None
    return Sessions(len(names), sum(map(is_left_over, names)))


def _plain(tag: str) -> str:
    return tag.rpartition("}")[2]
