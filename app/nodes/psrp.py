"""One session of PowerShell on a Windows node, over WinRM. Blocking: it belongs to one thread (lanes.py). Imports pypsrp, so it
is loaded when the first node is connected to. Runs the texts that it is given and knows nothing of the guard.
"""

from __future__ import annotations

import logging
import ssl
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from typing import Any

from pypsrp.complex_objects import PSInvocationState
from pypsrp.exceptions import AuthenticationError, WinRMError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.shell import SignalCode, WinRS
from pypsrp.wsman import NAMESPACES, SelectorSet, WSMan
from urllib3.util.ssl_ import create_urllib3_context

from app.nodes import credentials
from app.nodes.certificates import is_plain, pinned_sha256
from app.nodes.leftovers import is_left_over, own_name
from app.nodes.psrp_faults import FAULTS
from app.nodes.target import Target
from app.nodes.windows_errors import PlainHttpRefused

logging.getLogger("pypsrp").setLevel(logging.CRITICAL)  # its errors reach us as exceptions

POLL_SECONDS = 4
"""A silent pipeline is asked again after that; a node that says nothing for two seconds more is cut off."""
OPERATION_SECONDS, READ_SECONDS = 20, 25
IDLE_SECONDS = 180
SHELLS = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"


class _WSMan(WSMan):
    """Without pypsrp's own five repetitions of a Receive that got no answer: up to four minutes of not knowing. `last`: the
    newest response; where signing in fails nobody else lets go of its connection."""

    last: Any = None

    def close(self) -> None:
        """End the connection, whatever it is at."""
        if self.last is not None:
            self.last.close()
        super().close()

    def invoke(self, *args: Any, **options: Any) -> ET.Element:
        options["retries_on_read_timeout"] = 0
        return super().invoke(*args, **options)


def connection(target: Target, timeout: float) -> WSMan:
    """A connection that will be made with the first request. Raises CredentialMissing, PlainHttpRefused."""
    windows, plain = target.credential.windows, is_plain(target.port, target.credential.windows)
    secret: dict[str, Any]
    if target.credential.kind == "certificate_file":
        auth, pem = "certificate", credentials.certificate(target.credential)
        secret = {"certificate_pem": pem, "certificate_key_pem": pem}
    else:
        auth, secret = windows.auth, {"password": credentials.password(target.credential)}
    if plain and auth != "kerberos":
        raise PlainHttpRefused(target.where, auth)
    pin = pinned_sha256(target.host_key or "")
    wsman = _WSMan(
        target.address,
        port=target.port,
        username=target.user,
        ssl=not plain,
        auth=auth,
        encryption="always" if plain else "auto",
        cert_validation=False if pin or plain else windows.ca_file,  # type: ignore[arg-type]  # a path is taken too
        no_proxy=True,
        connection_timeout=int(timeout),
        operation_timeout=OPERATION_SECONDS,
        read_timeout=READ_SECONDS,
        **secret,
    )
    _guard_session(wsman, pin)
    return wsman


def _guard_session(wsman: _WSMan, pin: str | None) -> None:
    """Nothing of the console's own user (proxies, .netrc), and no other certificate than the pinned one, whatever it says."""
    build = wsman.transport._build_session

    def built() -> Any:
        session: Any = build()
        session.trust_env = False
        if wsman.transport.auth == "basic":  # requests would write them in Latin-1
            user, secret = wsman.transport.username or "", wsman.transport.password or ""
            session.auth = (user.encode(), secret.encode())
        adapter: Any = session.get_adapter(wsman.transport.endpoint)
        send = adapter.send

        def sent(*request: Any, **options: Any) -> Any:
            wsman.last = send(*request, **options)
            return wsman.last

        adapter.send = sent
        if pin:
            settings = adapter.poolmanager.connection_pool_kw
            settings["assert_fingerprint"] = pin
            settings["ssl_context"] = _context(shared=wsman.transport.certificate_pem is None)
        return session

    wsman.transport._build_session = built  # type: ignore[method-assign]


def _context(*, shared: bool) -> ssl.SSLContext:
    """TLS without anybody's certificates: urllib3 would load all that the system trusts, a megabyte for each connection. One for
    all connections that show no certificate of their own."""
    return _PINNED if shared else create_urllib3_context(cert_reqs=ssl.CERT_NONE)


_PINNED = create_urllib3_context(cert_reqs=ssl.CERT_NONE)


class Session:
    """A runspace of its own on the node. `sent`: the request for a pipeline went out, so that it may have run; `answered`: it
    was heard. After an error: `abandon`, and open another one."""

    def __init__(self, target: Target, timeout: float) -> None:
        self._target, self._timeout = target, timeout
        self._wsman = connection(target, timeout)
        self._pool = RunspacePool(self._wsman, idle_timeout=IDLE_SECONDS)
        self._pool.shell.name = own_name()
        self._running: str | None = None
        self.sent = self.answered = False

    def open(self, *, clean: bool) -> None:
        """Sign in and open the runspace; `clean`: first delete what dead consoles of this machine have left there."""
        try:
            if clean:
                delete_leftovers(self._wsman)
            self._pool.open()
        except FAULTS:
            self._wsman.close()
            raise

    def run(
        self,
        script: str,
        parameters: Mapping[str, str],
        take: Callable[[str], None],
        stopping: Callable[[], bool],
    ) -> list[str]:
        """Run one pipeline to its end or until `stopping`; each object of its output goes to `take` as text as soon as it is
        there. Returns what it said on the error stream, and why it failed if it did."""
        self.sent = self.answered = False
        pipeline = PowerShell(self._pool)
        pipeline.add_script(script)
        pipeline.add_parameters(dict(parameters))
        self.sent, self._running = True, pipeline.id
        pipeline.begin_invoke()
        self.answered, taken = True, 0
        while pipeline.state == PSInvocationState.RUNNING:
            pipeline.poll_invoke(timeout=POLL_SECONDS)
            for value in pipeline.output[taken:]:
                take(str(value))
            taken = len(pipeline.output)
            if stopping() and pipeline.state == PSInvocationState.RUNNING:
                pipeline.stop()
        self._running = None
        pipeline.close()
        return [str(record) for record in pipeline.streams.error]

    def interrupt(self) -> None:
        """From another thread, over a connection of its own: end the running pipeline, so that `run` comes back at once."""
        running = self._running
        if running is None:
            return
        wsman = connection(self._target, self._timeout)
        wsman.session_id = self._wsman.session_id
        shell = WinRS(wsman, resource_uri=self._pool.shell.resource_uri, id=self._pool.shell.id)
        shell._selector_set = self._pool.shell._selector_set
        try:
            shell.signal(SignalCode.PS_CTRL_C, running)
        except FAULTS:
            return  # it ends by itself, at the latest with its session
        finally:
            wsman.close()

    def close(self) -> None:
        """End the runspace and the connection."""
        try:
            self._pool.close()
        except FAULTS:
            return
        finally:
            self._wsman.close()

    def abandon(self) -> None:
        """Drop a connection that is dead, and try to take the runspace away over another one."""
        self._wsman.close()
        if self._pool.shell._selector_set is None:
            return
        wsman = connection(self._target, self._timeout)
        try:
            wsman.delete(
                self._pool.shell.resource_uri, selector_set=self._pool.shell._selector_set, timeout=2
            )
        except FAULTS:
            return  # the node is away; it ends what is idle for three minutes by itself
        finally:
            wsman.close()


def shells(wsman: WSMan) -> list[ET.Element]:
    """The shells that the node tells this user of. Raises what pypsrp raises."""
    everything = ET.Element(_name("wsen", "Enumerate"))
    ET.SubElement(everything, _name("wsman", "OptimizeEnumeration"))
    ET.SubElement(everything, _name("wsman", "MaxElements")).text = "32000"
    return list(wsman.enumerate(SHELLS, everything).iter(_name("rsp", "Shell")))


def delete_leftovers(wsman: WSMan) -> int:
    """Delete the sessions of dead consoles of this machine; how many. What the node does not tell or allow is left alone."""
    deleted = 0
    try:
        for shell in shells(wsman):
            if is_left_over(shell.findtext("rsp:Name", None, NAMESPACES)):
                which = SelectorSet()
                which.add_option("ShellId", shell.findtext("rsp:ShellId", "", NAMESPACES))
                uri = shell.findtext("rsp:ResourceUri", SHELLS + "/cmd", NAMESPACES)
                wsman.delete(uri, selector_set=which)
                deleted += 1
    except AuthenticationError:
        raise
    except WinRMError:
        return deleted
    return deleted


def _name(space: str, name: str) -> str:
    return f"{{{NAMESPACES[space]}}}{name}"
