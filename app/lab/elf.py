"""Daemon programs of the lab: ELF files of some 200 bytes, made here, that wait for ever. Owns their bytes and nothing else.

A resident process has to show its own name in `ps`, take any arguments (`cjcpw site1`), refuse to be overwritten while it
runs (ETXTBSY, the very trap of patching) and differ from version to version. Copies of /bin/sleep manage only some of that.
The program reaps its children (`wait4`), pauses when it has none, and dies of SIGTERM.
"""

from __future__ import annotations

import platform
import struct

_BASE = 0x400000
_HEADERS = 64 + 56  # one ELF header, one program header


class Unsupported(Exception):
    """This machine's processor has no daemon program here; the message names those that do."""


def _x86_64() -> bytes:
    loop = bytes.fromhex(
        "b83d000000"  # mov eax, 61 (wait4)
        "4883cfff"  # or rdi, -1
        "31f6"  # xor esi, esi
        "31d2"  # xor edx, edx
        "4d31d2"  # xor r10, r10
        "0f05"  # syscall
        "4885c0"  # test rax, rax
    )
    code = loop + b"\x79" + struct.pack("b", -(len(loop) + 2))  # jns loop: a child was reaped
    code += bytes.fromhex("b8220000000f05")  # mov eax, 34 (pause); syscall
    return code + b"\xeb" + struct.pack("b", -(len(code) + 2))  # jmp loop


def _aarch64() -> bytes:
    def movz(register: int, value: int) -> int:
        return 0xD2800000 | value << 5 | register

    svc = 0xD4000001
    words = [0x92800000, movz(1, 0), movz(2, 0), movz(3, 0), movz(8, 260), svc]  # wait4(-1, 0, 0, 0)
    words.append(0xB6F80000 | (-len(words) & 0x3FFF) << 5)  # tbz x0, #63, loop: a child was reaped
    words += [
        movz(0, 0),
        movz(1, 0),
        movz(2, 0),
        movz(3, 0),
        movz(4, 0),
        movz(8, 73),
        svc,
    ]  # ppoll(0, 0, 0, 0, 0)
    words.append(0x14000000 | (-len(words) & 0x3FFFFFF))  # b loop
    return struct.pack(f"<{len(words)}I", *words)


_MACHINES = {
    "x86_64": (62, _x86_64),
    "amd64": (62, _x86_64),
    "aarch64": (183, _aarch64),
    "arm64": (183, _aarch64),
}


def daemon(name: str, version: str, machine: str | None = None) -> bytes:
    """The bytes of the program `name` of JobCenter `version` ("R16.3"): two versions never have the same bytes.

    Raises Unsupported on a processor other than x86-64 and ARM64.
    """
    machine = (machine or platform.machine()).lower()
    if machine not in _MACHINES:
        raise Unsupported(f"no daemon program for {machine}: the lab runs on {', '.join(sorted(_MACHINES))}")
    number, code = _MACHINES[machine]
    body = code() + f"\0@(#){name} JobCenter {version}\0".encode()
    size = _HEADERS + len(body)
    ident = b"\x7fELF" + bytes([2, 1, 1, 0]) + bytes(8)
    header = ident + struct.pack(
        "<HHIQQQIHHHHHH", 2, number, 1, _BASE + _HEADERS, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x10000)
    return header + segment + body
