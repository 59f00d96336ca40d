"""The stand-in for rpm on a node: the queries and installs that the procedures use, with real rpm's words and exit codes.

The semantics that matter: a failing %pre installs nothing, a failing %post leaves exit status 0 and the package registered;
installing it again is refused until --replacepkgs; a damaged file is refused; -i beside another version of the same files is a
conflict, -U replaces it; `-V` of the base package sees files that a patch replaced.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from app.lab import packages, rpmfile

_BAR = "#" * 40


class Failure(Exception):
    """What goes to stderr before exit status 1."""


class Node:
    """The node's folder, and what stands before / in its paths ("" in ns mode)."""

    def __init__(self, folder: Path, root: str) -> None:
        self.folder, self.root, self.database = folder, root, packages.Database(folder)

    def fault(self, kind: str) -> str | None:
        """The parameter of an active fault, None if it is not active."""
        file = self.folder / "faults" / kind
        return file.read_text() if file.exists() else None

    def path(self, name: str) -> Path:
        """Where a package's path lies."""
        return Path(self.root + name)


def expand(form: str, values: Mapping[str, str], files: Mapping[str, str]) -> str:
    """A --queryformat: %{TAG}, \\n, \\t, and [...] repeated for every file. Raises Failure for an unknown tag."""

    def fields(text: str, known: Mapping[str, str]) -> str:
        def value(match: re.Match[str]) -> str:
            name = match[1].upper()
            if name not in known:
                raise Failure(f'error: incorrect format: unknown tag: "{match[1]}"')
            return known[name]

        return re.sub(r"%\{([A-Za-z]+)\}", value, text)

    text = form.replace("\\n", "\n").replace("\\t", "\t")
    out = ""
    for position, part in enumerate(re.split(r"\[(.*?)\]", text, flags=re.DOTALL)):
        if position % 2 == 0:
            out += fields(part, values)
        else:
            out += "".join(
                fields(part, {**values, "FILENAMES": name, "FILEDIGESTS": sum_})
                for name, sum_ in files.items()
            )
    return out


def _load(name: str, payload: bool) -> rpmfile.Package:
    try:
        data = Path(name).read_bytes()
    except OSError as error:
        raise Failure(f"error: open of {name} failed: {error.strerror}") from error
    return rpmfile.read(data, payload)


def _values(name: str, version: str, release: str, arch: str) -> dict[str, str]:
    nvra = f"{name}-{version}-{release}.{arch}"
    return {"NAME": name, "VERSION": version, "RELEASE": release, "ARCH": arch, "NVRA": nvra}


def query(node: Node, names: list[str], form: str | None, every: bool, file: bool) -> int:
    """`rpm -q`, `-qa`, `-qp`: prints; 1 if something asked for is not there."""
    status = 0
    found: list[tuple[dict[str, str], dict[str, str]]] = []
    for name in names:
        if file:
            try:
                package = _load(name, payload=False)
            except rpmfile.BadPackage as error:
                raise Failure(f"error: {name}: {error}") from error
            values = _values(package.name, package.version, package.release, package.arch)
            found.append((values, dict(package.digests)))
        elif not every:
            hits = node.database.find(name)
            found += [
                (_values(hit.name, hit.version, hit.release, hit.arch), dict(hit.files)) for hit in hits
            ]
            if not hits:
                print(f"package {name} is not installed")
                status = 1
    if every:
        for hit in node.database.all():
            if not names or any(fnmatch.fnmatchcase(hit.name, name) for name in names):
                found.append((_values(hit.name, hit.version, hit.release, hit.arch), dict(hit.files)))
    for values, files in found:
        sys.stdout.write(expand(form if form is not None else "%{NVRA}\n", values, files))
    return status


def install(node: Node, names: list[str], replace: bool, upgrade: bool) -> int:
    """`rpm -i`, `rpm -U`: 0 even when the package's last script fails; 1 if nothing was installed."""
    if not names:
        raise Failure("rpm: no packages given for install")
    for name in names:
        package = _read_for_install(name)
        print(f"{'Verifying...':<38}{_BAR}\n{'Preparing...':<38}{_BAR}", flush=True)
        _refuse(node, package, replace, upgrade)
        count = 2 if node.database.find(package.name) else 1
        if _script(node, package, "pre", 1023, count):
            raise Failure(f"error: {package.label}: install failed")
        stale = node.fault("stale-patch") is not None
        print(f"Updating / installing...\n{package.label.rpartition('.')[0]:<38}{_BAR}", flush=True)
        if not (stale and upgrade):
            _unpack(node, package)
        files = dict(package.digests)
        node.database.register(
            packages.Installed(package.name, package.version, package.release, package.arch, files)
        )
        if not stale:
            _script(node, package, "post", 1024, count)
    return 0


def _read_for_install(name: str) -> rpmfile.Package:
    try:
        return _load(name, payload=True)
    except rpmfile.BadPackage as error:
        if "digest" not in str(error):
            raise Failure(f"error: {name}: {error}") from error
        print(f"{'Verifying...':<38}{_BAR}\n{'Preparing...':<38}{_BAR}", flush=True)
        label = Path(name).name.removesuffix(".rpm")
        raise Failure(f"\tpackage {label} does not verify: {error}") from error


def _refuse(node: Node, package: rpmfile.Package, replace: bool, upgrade: bool) -> None:
    if node.fault("failing-patch") is not None:
        raise Failure(
            "error: can't create transaction lock on /var/lib/rpm/.rpm.lock (Resource temporarily unavailable)"
        )
    if node.database.find(package.label) and not replace:
        raise Failure(f"\tpackage {package.label} is already installed")
    others = [hit for hit in node.database.find(package.name) if hit.version != package.version]
    conflicts = [
        f"\tfile {name} from install of {package.label} conflicts with file from package {hit.label}"
        for hit in others
        for name in package.files
        if name in hit.files and not (upgrade or replace)
    ]
    if conflicts:
        raise Failure("\n".join(conflicts))
    if upgrade and not replace and any(_newer(hit.version, package.version) for hit in others):
        raise Failure(
            f"\tpackage {others[0].label} (which is newer than {package.label}) is already installed"
        )
    needed = [
        f"\t{name} = {version} is needed by {package.label.rpartition('.')[0]}.{package.arch}"
        for name, version in package.requires
        if not any(hit.version == version for hit in node.database.find(name))
    ]
    if needed:
        raise Failure("error: Failed dependencies:\n" + "\n".join(needed))


def _newer(one: str, other: str) -> bool:
    left, right = ([int(part) for part in text.split(".")] for text in (one, other))
    return left > right


def _unpack(node: Node, package: rpmfile.Package) -> None:
    for name, content in package.files.items():
        target = node.path(name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh = target.with_name(f"{target.name};rpm")
            fresh.write_bytes(content)
            fresh.chmod(0o755)
            fresh.replace(target)
        except OSError as error:
            raise Failure(
                f"error: unpacking of archive failed on file {name}: cpio: write failed - {error.strerror}\n"
                f"error: {package.label}: install failed"
            ) from error


def _script(node: Node, package: rpmfile.Package, name: str, tag: int, count: int) -> int:
    """Run a package's own script with the number of its versions that are there then; its exit status."""
    sys.stdout.flush()
    environment = {**os.environ, "JC_ROOT": node.root}
    command = ["/bin/sh", "-c", package.text(tag), "rpm", str(count)]
    status = subprocess.run(command, env=environment, check=False).returncode
    if status:
        told = "error: %prein" if name == "pre" else "warning: %post"
        print(f"{told}({package.label}) scriptlet failed, exit status {status}", file=sys.stderr)
    return status


def verify(node: Node, names: list[str]) -> int:
    """`rpm -V`: a line for every file that is not as the package had it; 1 if there is one."""
    status = 0
    for name in names:
        hits = node.database.find(name)
        if not hits:
            print(f"package {name} is not installed")
            status = 1
        for path, digest in (pair for hit in hits for pair in hit.files.items()):
            line = _difference(node.path(path), digest)
            if line:
                print(f"{line}{path}")
                status = 1
    return status


def _difference(file: Path, digest: str) -> str:
    if not file.exists():
        return "missing     "
    if digest and hashlib.sha256(file.read_bytes()).hexdigest() != digest:
        return "S.5....T.  c " if file.suffix == ".conf" else "S.5....T.    "  # c: a settings file
    return ""


def check(names: list[str]) -> int:
    """`rpm -K`: are the digests of a package file right; 1 if not."""
    status = 0
    for name in names:
        try:
            _load(name, payload=True)
        except rpmfile.BadPackage as error:
            print(f"{name}: {'DIGESTS NOT OK' if 'digest' in str(error) else error}")
            status = 1
        else:
            print(f"{name}: digests OK")
    return status


def run(node: Node, arguments: list[str]) -> int:
    """One command line. Raises Failure."""
    form, options, names = None, "", []
    words, replace = iter(arguments), False
    for word in words:
        if word in ("--qf", "--queryformat"):
            form = next(words, "")
        elif word.startswith(("--qf=", "--queryformat=")):
            form = word.partition("=")[2]
        elif word in ("--replacepkgs", "--force"):
            replace = True
        elif word.startswith("-") and not word.startswith("--"):
            options += word[1:]
        elif word.startswith("--"):
            raise Failure(f"rpm: {word}: unknown option")
        else:
            names.append(word)
    if "q" in options:
        return query(node, names, form, "a" in options, "p" in options)
    if "i" in options or "U" in options:
        return install(node, names, replace, "U" in options)
    if "V" in options:
        return verify(node, names)
    if "K" in options:
        return check(names)
    raise Failure("rpm: no operation given; this stand-in knows -q -qa -qp -i -U -V -K")


def main() -> int:
    """sys.argv: node folder, root, and then rpm's own arguments; the exit code."""
    node = Node(Path(sys.argv[1]), sys.argv[2])
    if node.fault("wrong-output") == "rpm":
        sys.stdout.buffer.write(b"rpmdb: \xff\xfe\x00 BDB0113 Thread/process failed\nNECJC\x80\x80\n")
        return 0
    try:
        return run(node, sys.argv[3:])
    except Failure as failure:
        sys.stdout.flush()
        print(failure, file=sys.stderr)
        return 1
