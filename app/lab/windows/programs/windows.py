"""Programs of Windows itself: reg, regsvr32, net, taskkill, shutdown. Exit codes are what counts: texts are translated."""

from __future__ import annotations

from collections.abc import Iterator

from app.lab.powershell.world import Native, NativeCall
from app.lab.windows import paths, product
from app.lab.windows.machine import Machine
from app.lab.windows.programs.console import Usage, complain, program, say
from app.lab.windows.registry import Key, export, long

_CLASSES = r"HKCR\TejunLab\Registered"


def programs(machine: Machine) -> dict[str, Native]:
    """The programs by name."""
    return {
        "reg": program(lambda call: _reg(machine, call), refused=1),
        "regsvr32": program(lambda call: _regsvr32(machine, call)),
        "net": program(lambda call: _net(machine, call), refused=2),
        "taskkill": program(lambda call: _taskkill(machine, call)),
        "shutdown": program(lambda call: _shutdown(machine, call)),
    }


def _reg(machine: Machine, call: NativeCall) -> int:
    if len(call.argv) < 2:
        raise Usage(call.line)
    verb, path, *rest = call.argv
    table = {"query": _query, "export": _export, "delete": _delete, "add": _add}
    if verb.lower() not in table:
        raise Usage(verb)
    try:
        return table[verb.lower()](machine, call, path, rest)
    except KeyError:
        raise Usage(path) from None


def _options(rest: list[str], flags: str, values: str = "") -> dict[str, str]:
    """Options as /x or /x value. Raises Usage for others."""
    found: dict[str, str] = {}
    words = iter(rest)
    for word in words:
        letter = word.lower().removeprefix("/")
        if not word.startswith("/") or letter not in flags.split() + values.split():
            raise Usage(word)
        found[letter] = next(words, "") if letter in values.split() else ""
    return found


def _query(machine: Machine, call: NativeCall, path: str, rest: list[str]) -> int:
    options, key = _options(rest, "s", "v"), machine.registry.find(path)
    if key is None or ("v" in options and key.value(options["v"]) is None):
        complain(call, "ERROR: The system was unable to find the specified registry key or value.")
        return 1
    keys: Iterator[tuple[str, Key]] = key.walk(long(path)) if "s" in options else iter([(long(path), key)])
    for place, one in keys:
        rows = [row for name, row in one.values.items() if options.get("v", name).lower() == name]
        say(call, "", place, *(f"    {name}    {kind}    {_shown(kind, text)}" for name, kind, text in rows))
    if "s" not in options and "v" not in options:
        say(call, "", *(f"{long(path)}\\{one.name}" for one in key.keys.values()))
    return 0


def _shown(kind: str, text: str) -> str:
    return f"{int(text, 0):#x}" if kind == "REG_DWORD" else text


def _export(machine: Machine, call: NativeCall, path: str, rest: list[str]) -> int:
    if not rest:
        raise Usage("export")
    options, key = _options(rest[1:], "y"), machine.registry.find(path)
    target = paths.full(rest[0], call.folder)
    if key is None:
        complain(call, "ERROR: The system was unable to find the specified registry key or value.")
        return 1
    if machine.files.kind(target) and "y" not in options:
        complain(call, "ERROR: nobody is there to say whether the file may be replaced.")
        return 1
    machine.files.write(target, export(path, key))
    say(call, "The operation completed successfully.")
    return 0


def _delete(machine: Machine, call: NativeCall, path: str, rest: list[str]) -> int:
    options = _options(rest, "f", "v")
    if "f" not in options:
        raise Usage("/f")
    done = machine.registry.unset(path, options["v"]) if "v" in options else machine.registry.delete(path)
    if not done:
        complain(call, "ERROR: The system was unable to find the specified registry key or value.")
        return 1
    say(call, "The operation completed successfully.")
    return 0


def _add(machine: Machine, call: NativeCall, path: str, rest: list[str]) -> int:
    options = _options(rest, "f", "v t d")
    if options.get("t", "REG_SZ") not in ("REG_SZ", "REG_DWORD", "REG_EXPAND_SZ"):
        raise Usage(options["t"])
    if "v" in options:
        machine.registry.set(path, options["v"], options.get("d", ""), options.get("t", "REG_SZ"))
    else:
        machine.registry.make(path)
        machine.registry.save()
    say(call, "The operation completed successfully.")
    return 0


def _regsvr32(machine: Machine, call: NativeCall) -> int:
    """Exit codes as Microsoft has them: 0; 1 for wrong words; 3 where the DLL cannot be loaded."""
    options = {word.lower().lstrip("/-") for word in call.argv if word[:1] in "/-"}
    names = [word for word in call.argv if word[:1] not in "/-"]
    if options - {"u", "s"} or len(names) != 1 or "s" not in options:
        raise Usage(call.line)
    path = paths.full(names[0], call.folder)
    if not path.lower().endswith(".dll"):
        path += ".dll"
    if machine.files.kind(path) != "file" or machine.files.version(path) is None:
        return 3
    name = paths.name(path).lower()
    if "u" in options:
        machine.registry.unset(_CLASSES, name)
    else:
        machine.registry.set(_CLASSES, name, path)
    return 0


def registered(machine: Machine, dll: str) -> bool:
    """Whether a DLL is registered on the node."""
    return machine.registry.value(_CLASSES, dll) is not None


def _net(machine: Machine, call: NativeCall) -> int:
    if len(call.argv) != 2 or call.argv[0].lower() not in ("start", "stop"):
        raise Usage(call.line)
    verb, name = call.argv[0].lower(), call.argv[1]
    (machine.services.start if verb == "start" else machine.services.stop)(name)
    say(
        call,
        f"The {machine.services.get(name).display} service was {'started' if verb == 'start' else 'stopped'} successfully.",
    )
    return 0


def _taskkill(machine: Machine, call: NativeCall) -> int:
    words = [word.lower() for word in call.argv]
    options = _options([word for word in words if not word.isdigit()], "t f pid")
    numbers = [int(word) for word in words if word.isdigit()]
    if "f" not in options or len(numbers) != 1:
        raise Usage(call.line)
    ended = machine.processes.kill(numbers[0], tree="t" in options)
    if not ended:
        complain(call, f'ERROR: The process "{numbers[0]}" not found.')
        return 128
    say(call, *(f"SUCCESS: The process with PID {number} has been terminated." for number in ended))
    return 0


def _shutdown(machine: Machine, call: NativeCall) -> int:
    options = _options(call.argv, "r f", "t c")
    if "r" not in options:
        raise Usage("the lab knows /r alone")
    machine.reboot()
    return 0


def folder() -> str:
    """Where Windows keeps its programs."""
    return rf"{product.WINDOWS}\System32"
