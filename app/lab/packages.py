"""The package database of one node, and the lab's patch package. Owns packages.json; installs nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from app.lab import product, rpmfile
from app.lab.model import write_whole

# Runs in rpm's %post: the payload lies beside the product and is copied over it (manual 3.2.2 step 3: the copy fails while
# a file is in use). JC_ROOT is set where the node's files do not begin at /.
_POST = """status=0
for file in "$JC_ROOT/opt/NECJCpt/@VERSION@"/*; do
  cp "$file" "${JC_ROOT}/usr/lib/nqs/" || status=1
done
exit $status"""
# %pre and %post of a base package. It refuses where a JobCenter process runs, as the product's installer does where a file
# is in use (facts 1.4). After an upgrade the local site comes up by itself (manual 1.1.1.1 step 3, erratum C5).
_BASE_PRE = """busy=$(ps -e -o args= | while read -r program rest; do
  case ${program##*/} in @NAMES@) echo "${program##*/}" ;; esac
done)
[ -z "$busy" ] || { echo "JobCenter is running: $busy" >&2; exit 1; }"""
_BASE_POST = """[ "$1" = 1 ] || env -u NQS_SITE "$JC_ROOT/usr/lib/nqs/nqsstart" || :"""
_BUILT = 1713484800  # 2024-04-19, the date of the manual


@dataclass(frozen=True)
class Installed:
    """One installed package; `files`: absolute path -> SHA-256 in hex, as the package had them."""

    name: str
    version: str
    release: str
    arch: str
    files: Mapping[str, str]

    @property
    def label(self) -> str:
        """name-version-release.arch"""
        return f"{self.name}-{self.version}-{self.release}.{self.arch}"


class Database:
    """What is installed on the node whose folder is `node`."""

    def __init__(self, node: Path) -> None:
        self._file = node / "packages.json"

    def all(self) -> list[Installed]:
        """Every package, by name."""
        if not self._file.exists():
            return []
        return sorted(
            (Installed(**entry) for entry in json.loads(self._file.read_text())),
            key=lambda entry: entry.label,
        )

    def find(self, name: str) -> list[Installed]:
        """The packages that a query by name, name-version or full label means."""
        return [
            entry
            for entry in self.all()
            if name
            in (entry.name, f"{entry.name}-{entry.version}", entry.label, entry.label.rpartition(".")[0])
        ]

    def register(self, package: Installed) -> None:
        """Add a package, in place of its other versions."""
        kept = [asdict(entry) for entry in self.all() if entry.name != package.name]
        write_whole(self._file, json.dumps([*kept, asdict(package)], indent=1))


def base(version: str) -> bytes:
    """The base package of JobCenter `version` ("R16.3"), as a file's bytes."""
    return rpmfile.write(
        rpmfile.Spec(
            name=product.BASE_PACKAGE,
            version=version[1:],
            release="1",
            summary=f"JobCenter {version}",
            files={f"/usr/lib/nqs/{name}": data for name, data in product.files(version).items()},
            pre=_BASE_PRE.replace("@NAMES@", " | ".join(("cjcpw", *product.daemons(product.NEWEST)))),
            post=_BASE_POST,
            requires=None,
            built=_BUILT,
        )
    )


def patch(version: str) -> bytes:
    """The patch package for an installed JobCenter `version` ("R16.3"), as a file's bytes."""
    target = product.patched(version)
    number = target[1:]
    return rpmfile.write(
        rpmfile.Spec(
            name=product.PATCH_PACKAGE,
            version=number,
            release="1",
            summary=f"JobCenter {target} patch",
            files={f"/opt/NECJCpt/{number}/{name}": data for name, data in product.binaries(target).items()},
            post=_POST.replace("@VERSION@", number),
            requires=(product.BASE_PACKAGE, version[1:]),
            built=_BUILT,
        )
    )
