"""What a ConstrainedLanguage session refuses: methods and constructors of types that are not PowerShell's own. Evaluates nothing.

Source: about_Language_Modes. Application control and AppLocker put sessions into that mode.
"""

from __future__ import annotations

from app.lab.powershell.errors import RUNTIME
from app.lab.powershell.objects import EnumValue, NetError, NetType, PSObject
from app.lab.powershell.world import SHORT, World

FULL = "FullLanguage"
_OWN = frozenset(name.lower() for name in SHORT.values()) | {
    "system.management.automation.pscustomobject",
    "system.uri",
}


def require_allowed(world: World, it: object, doing: str) -> None:
    """Raise NetError where the session may not do that with a type, or with a value of it; `doing`: call or make."""
    if world.language == FULL or _name(world, it).lower().partition("[")[0] in _OWN:
        return
    calls = doing == "call"
    message = (
        "Cannot invoke method. Method invocation is supported only on core types in this language mode."
        if calls
        else "Cannot create type. Only core types are supported in this language mode."
    )
    raise NetError(
        RUNTIME,
        message,
        error_id=f"{'MethodInvocation' if calls else 'CannotCreateType'}NotSupportedInConstrainedLanguage",
        category="InvalidOperation" if calls else "PermissionDenied",
    )


def _name(world: World, it: object) -> str:
    if isinstance(it, NetType):
        return it.name
    if isinstance(it, PSObject):
        return it.types[0]
    return it.type.name if isinstance(it, EnumValue) else world.type_of(it).name
