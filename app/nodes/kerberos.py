"""Kerberos for Windows nodes: a ticket in the memory of this process, and what the numbers of its errors mean.

Needs the packages krb5 and gssapi, which are loaded with the first ticket. libkrb5 reads krb5.conf (KRB5_CONFIG) anew each time.
Writes no file; takes nothing from the ticket cache or the keytab of the console's own user. Numbers: RFC 4120 7.5.9 for those
of the protocol, krb5_err.et of MIT Kerberos for those of the library, both counted from the same base.
"""

from __future__ import annotations

import weakref
from importlib import import_module
from typing import Any, Literal

from app.nodes.target import Target
from app.nodes.windows_errors import RealmUnknown

Meaning = Literal["clock", "silent", "realm", "node", "refused"]

BASE = -1765328384
NO_SUCH_SERVICE = 7
MEANINGS: dict[Meaning, frozenset[int]] = {
    # not yet valid, expired (a fresh ticket), skew; the library's own comparison with the answer of the KDC
    "clock": frozenset({32, 33, 37, 148}),
    # the service is unavailable; cannot contact any KDC, cannot resolve its address
    "silent": frozenset({29, 156, 220}),
    # wrong realm; no such realm, no default realm, another name in the answer, a realm that leads nowhere
    "realm": frozenset({68, 147, 149, 154, 217, 224}),
    # no such service; the ticket is for somebody else or sealed with a key that the node does not have (any more)
    "node": frozenset({NO_SUCH_SERVICE, 31, 35, 41, 44, 45, 144, 181, 230}),
}


class Ticket:
    """A ticket-granting ticket that cannot be handed on, in a cache of its own. `cache` is its name for GSSAPI; it is there until
    `destroy`, at the latest until nobody holds this object any more."""

    def __init__(self, context: Any, cache: Any) -> None:
        self.cache = f"MEMORY:{cache.name.decode()}"
        self._destroyed = weakref.finalize(self, _destroy, context, cache)

    def destroy(self) -> None:
        """Forget it. A second time does nothing."""
        self._destroyed()


def sign_in(target: Target, *, password: str | None = None, keytab: str | None = None) -> Ticket:
    """Ask the realm for a ticket, with one of the two. Blocks, at worst for as long as krb5.conf has it try its KDCs.

    Raises RealmUnknown for a name that Kerberos would read as another one, ImportError without the packages, krb5.Krb5Error.
    """
    if "\\" in target.user:  # an escape: DOMAIN\user would be the user DOMAINuser
        raise RealmUnknown(target.where, target.user, "DOMAIN\\user")
    krb5: Any = import_module("krb5")
    # what a node has to say of its reason is raised at once, in place of an AttributeError of pyspnego's
    import_module("gssapi").SecurityContext.__DEFER_STEP_ERRORS__ = False
    context = krb5.init_context()
    principal = krb5.parse_name_flags(context, target.user.encode())
    options = krb5.get_init_creds_opt_alloc(context)
    krb5.get_init_creds_opt_set_canonicalize(options, True)
    krb5.get_init_creds_opt_set_forwardable(options, False)
    krb5.get_init_creds_opt_set_proxiable(options, False)
    if keytab is not None:
        table = krb5.kt_resolve(context, f"FILE:{keytab}".encode())
        granted = krb5.get_init_creds_keytab(context, principal, options, keytab=table)
    else:
        secret = (password or "").encode()
        granted = krb5.get_init_creds_password(context, principal, options, password=secret)
    cache = krb5.cc_new_unique(context, b"MEMORY")
    ticket = Ticket(context, cache)
    krb5.cc_initialize(context, cache, granted.client)
    krb5.cc_store_cred(context, cache, granted)
    return ticket


def errors() -> tuple[type[Exception], ...]:
    """What the packages raise; nothing where they are not installed."""
    try:
        return import_module("krb5").Krb5Error, import_module("gssapi.exceptions").GSSError
    except ImportError:
        return ()


def meaning(error: BaseException) -> Meaning:
    """What an error of Kerberos comes down to, by its number; "refused" for all that is about the user."""
    number = _number(error)
    told: Meaning = next((each for each, numbers in MEANINGS.items() if number in numbers), "refused")
    if told == "node" and hasattr(error, "err_code"):  # said of our own sign-in: no node is asked for yet
        return "realm" if number == NO_SUCH_SERVICE else "refused"
    return told


def _number(error: BaseException | None) -> int | None:
    """Counted from BASE. pyspnego keeps GSSAPI's error as `base_error`; its minor code is the same number without a sign."""
    if error is None:
        return None
    code = getattr(error, "err_code", None) or getattr(error, "min_code", None)
    if isinstance(code, int):
        return (code - 2**32 if code >= 2**31 else code) - BASE
    return _number(getattr(error, "base_error", None))


def _destroy(context: Any, cache: Any) -> None:
    import_module("krb5").cc_destroy(context, cache)
