"""WSMan messages: requests read, replies and faults written. Knows no shell, no HTTP and no login.

Form: [MS-WSMV] and DSP0226; the order and names of elements are those that Windows Server 2019 answers with.
"""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "n": "http://schemas.xmlsoap.org/ws/2004/09/enumeration",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "pwsh": "http://schemas.microsoft.com/powershell",
    "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
    "cfg": "http://schemas.microsoft.com/wbem/wsman/1/config",
    "plugin": "http://schemas.microsoft.com/wbem/wsman/1/config/PluginConfiguration",
    "wsmid": "http://schemas.dmtf.org/wbem/wsman/identify/1/wsmanidentity.xsd",
}
SHELL = NAMESPACES["rsp"]
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
_DURATION = re.compile(r"P(?:(\d+)D)?T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?")
_DEFAULT_TIMEOUT = 60.0
_DEFAULT_ENVELOPE = 153_600


class Fault(Exception):
    """A refusal that the client reads as WSManFault. `code` is Windows' number (None where Windows gives none), `subcode` the
    SOAP one, such as w:TimedOut."""

    def __init__(self, message: str, code: int | None = None, subcode: str = "w:InternalError") -> None:
        super().__init__(message)
        self.message, self.code, self.subcode = message, code, subcode


@dataclass(frozen=True)
class Request:
    """What a client asks. `timeout` in seconds; `envelope` the largest reply in bytes that it takes."""

    action: str
    resource: str
    message_id: str
    body: ET.Element
    timeout: float = _DEFAULT_TIMEOUT
    envelope: int = _DEFAULT_ENVELOPE
    selectors: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)

    @property
    def verb(self) -> str:
        """The action's last word, "Receive"."""
        return self.action.rpartition("/")[2]

    @property
    def identify(self) -> bool:
        """Whether it is Identify, which has no header."""
        return self.body.find("wsmid:Identify", NAMESPACES) is not None

    def part(self, path: str) -> ET.Element:
        """An element of the body that has to be there. Raises Fault."""
        found = self.body.find(path, NAMESPACES)
        if found is None:
            raise invalid(f"{path} is missing.")
        return found


def read(raw: bytes) -> Request:
    """A message as a Request. Raises Fault if it is not one."""
    try:
        envelope = ET.fromstring(raw)
    except ET.ParseError as error:
        raise invalid(str(error)) from error
    head, body = envelope.find("s:Header", NAMESPACES), envelope.find("s:Body", NAMESPACES)
    if head is None or body is None:
        raise invalid("Header or Body is missing.")

    def text(path: str) -> str:
        return (head.findtext(path, "", NAMESPACES) or "").strip()

    def named(path: str) -> dict[str, str]:
        return {str(each.get("Name")): each.text or "" for each in head.findall(path, NAMESPACES)}

    size = text("w:MaxEnvelopeSize")
    return Request(
        action=text("a:Action"),
        resource=text("w:ResourceURI"),
        message_id=text("a:MessageID"),
        body=body,
        timeout=seconds(text("w:OperationTimeout"), _DEFAULT_TIMEOUT),
        envelope=int(size) if size.isdigit() else _DEFAULT_ENVELOPE,
        selectors=named("w:SelectorSet/w:Selector"),
        options=named("w:OptionSet/w:Option"),
    )


def seconds(duration: str | None, default: float) -> float:
    """An xs:duration as seconds ("PT1M2.5S" is 62.5)."""
    match = _DURATION.fullmatch((duration or "").strip())
    if not match or not any(match.groups()):
        return default
    days, hours, minutes, rest = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def node(name: str, *content: ET.Element | str, **attributes: str) -> ET.Element:
    """An element by its prefixed name, `node("rsp:Shell", …)`; an attribute's name may end with an underscore."""
    prefix, _, local = name.rpartition(":")
    element = ET.Element(f"{{{NAMESPACES[prefix]}}}{local}" if prefix else local)
    for key, value in attributes.items():
        element.set(key.rstrip("_"), value)
    for each in content:
        if isinstance(each, str):
            element.text = each
        else:
            element.append(each)
    return element


def reply(action: str, relates_to: str, *body: ET.Element) -> bytes:
    """An envelope as bytes; `relates_to` is the request's message id."""
    header = node(
        "s:Header",
        node("a:Action", action),
        node("a:MessageID", f"uuid:{uuid.uuid4()}".upper().replace("UUID:", "uuid:")),
        node("a:To", _ANONYMOUS),
        node("a:RelatesTo", relates_to),
    )
    return _bytes(node("s:Envelope", header, node("s:Body", *body)))


def fault(refusal: Fault, relates_to: str, machine: str) -> bytes:
    """A fault's envelope as bytes."""
    reason = node("s:Text", refusal.message)
    reason.set(_LANG, "en-US")
    told = node("f:WSManFault", node("f:Message", refusal.message), Machine=machine)
    if refusal.code is not None:
        told.set("Code", str(refusal.code))
    code = node("s:Code", node("s:Value", "s:Receiver"), node("s:Subcode", node("s:Value", refusal.subcode)))
    body = node("s:Fault", code, node("s:Reason", reason), node("s:Detail", told))
    return reply("http://schemas.dmtf.org/wbem/wsman/1/wsman/fault", relates_to, body)


def identity(version: str) -> bytes:
    """The answer to Identify; `version` such as "OS: 10.0.17763 SP: 0.0 Stack: 3.0"."""
    told = node(
        "wsmid:IdentifyResponse",
        node("wsmid:ProtocolVersion", NAMESPACES["w"]),
        node("wsmid:ProductVendor", "Microsoft Corporation"),
        node("wsmid:ProductVersion", version),
    )
    return _bytes(node("s:Envelope", node("s:Header"), node("s:Body", told)))


def _bytes(envelope: ET.Element) -> bytes:
    envelope.set(_LANG, "en-US")
    for prefix, address in NAMESPACES.items():
        ET.register_namespace(prefix, address)
    text: bytes = ET.tostring(envelope, encoding="utf-8")
    return text


def invalid(why: str) -> Fault:
    """The message is not what its schema says."""
    text = f"The WS-Management service cannot process the request because the XML is invalid. {why}"
    return Fault(text, 2150858817, "w:SchemaValidationError")


def unsupported(what: str) -> Fault:
    """The lab does not know this action, resource or option: it says so, and does not guess."""
    text = f"The WS-Management service cannot process the request. The lab does not know {what}."
    return Fault(text, 2150858752, "a:ActionNotSupported")


def timed_out() -> Fault:
    """Nothing to say within OperationTimeout: ask again."""
    text = "The WS-Management service cannot complete the operation within the time specified in OperationTimeout."
    return Fault(text, 2150858793, "w:TimedOut")


def lost() -> Fault:
    """There is no such shell, or no such command in it."""
    text = (
        "The WS-Management service cannot process the request because the request contained invalid selectors "
        "for the resource."
    )
    return Fault(text, 2150858843, "w:InvalidSelectors")


def too_many_shells(most: int) -> Fault:
    """MaxShellsPerUser is reached."""
    text = (
        f"The WS-Management service cannot process the request. This user is allowed a maximum number of {most} "
        "concurrent shells, which has been exceeded. Close existing shells or raise the quota for this user."
    )
    return Fault(text, 2150859173, "w:QuotaLimit")


def too_many_commands() -> Fault:
    """MaxConcurrentCommandsPerShell is reached; Windows gives this one no number (pypsrp issue 148)."""
    text = (
        "The WS-Management service cannot process the request. The maximum number of concurrent commands per shell has been "
        "exceeded. Retry the request later or raise the Maximum Commands per Shell quota."
    )
    return Fault(text)


def denied() -> Fault:
    """The shell is another user's."""
    return Fault("Access is denied.", 5, "w:AccessDenied")


def disconnected() -> Fault:
    """The shell is disconnected: reconnect first."""
    return Fault("The shell is disconnected. Reconnect to the shell and try again.", 2150859083)


def still_connected() -> Fault:
    """Somebody is connected to the shell."""
    text = "The WinRM client cannot connect: another client is connected to the shell."
    return Fault(text, 2150859080, "w:InvalidParameter")
