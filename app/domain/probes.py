"""The closed list of read-only probes and the text of their commands. Reads nothing itself; parsers.py reads the answers.

Every command prints its own header first, forces LC_ALL=C for the tools that it asks, and is POSIX sh. A probe answers
None for a cluster on which it cannot be asked (rpm outside Linux, a cluster manager without a machine-readable state):
the planner then leaves the question to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.domain import clusterware
from app.domain.cluster import Cluster
from app.domain.procedure import CommandText
from app.domain.shell import header, powershell, sh, word

Params = Mapping[str, str]
Builder = Callable[[Params, Cluster], str | None]
Reader = str | Callable[[Cluster], str]
"""Who reads an answer: a parser by name and version, or the one that the cluster's manager names."""

_PROFILES = (
    "/etc/profile /etc/profile.d/*.sh "
    '"$HOME"/.profile "$HOME"/.bash_profile "$HOME"/.bash_login "$HOME"/.bashrc "$HOME"/.kshrc'
)
_SETS = "'^[[:space:]]*\\(export[[:space:]][[:space:]]*\\)\\{0,1\\}NQS_SITE='"


@dataclass(frozen=True)
class Probe:
    """One question: which parameters it takes, who reads its answer, and how its command is built."""

    reader: Reader
    params: frozenset[str]
    build: Builder

    def parser(self, cluster: Cluster) -> str:
        """Who reads the answer of this cluster's nodes."""
        return self.reader if isinstance(self.reader, str) else self.reader(cluster)

    def commands(self, params: Params, cluster: Cluster) -> tuple[CommandText, ...] | None:
        """The command as sent, or None where this cluster cannot be asked. Raises KeyError when a parameter is missing."""
        text = self.build(params, cluster)
        if text is None:
            return None
        return (powershell(text) if cluster.os == "windows" else sh(text),)


def _processes(params: Params, cluster: Cluster) -> str:
    standard = (
        "UNIX95=1 " if cluster.os == "hpux" else ""
    )  # HP-UX knows -o only in its XPG4 personality (facts 1.2)
    return f"{header('processes', params['site'])} && {standard}COLUMNS=20000 LC_ALL=C ps -e -o pid= -o ppid= -o args="


def _environment(_params: Params, _cluster: Cluster) -> str:
    return f"""\
{header("environment")}
if [ -n "${{NQS_SITE+x}}" ]; then echo NQS_SITE:session; else echo clear:session; fi
sh -lc '[ -n "${{NQS_SITE+x}}" ] && exit 42; exit 43' >/dev/null 2>&1 </dev/null
case $? in 42) echo NQS_SITE:login ;; 43) echo clear:login ;; esac
found() {{ for f in "$@"; do if [ -f "$f" ] && grep {_SETS} "$f" >/dev/null 2>&1; then return 0; fi; done; return 1; }}
if found /etc/environment; then echo NQS_SITE:environment; else echo clear:environment; fi
if found {_PROFILES}; then echo NQS_SITE:profile; else echo clear:profile; fi
echo '#end'"""


def _package(params: Params, cluster: Cluster) -> str | None:
    return _rpm(cluster, header("package", *params["expected"].split()))


def _versions(_params: Params, cluster: Cluster) -> str | None:
    return _rpm(cluster, header("versions"))


def _rpm(cluster: Cluster, first: str) -> str | None:
    return (
        f"{first}\nLC_ALL=C rpm -qa --qf '%{{NAME}} %{{VERSION}}\\n' 'NECJC*'"
        if cluster.os == "linux"
        else None
    )


def _patch_file(params: Params, cluster: Cluster) -> str | None:
    if cluster.os != "linux":
        return None
    return f"""\
{header("patch_file", cluster.arch)}
f={word(params["file"])}
if [ ! -f "$f" ]; then echo missing; exit 0; fi
sha256sum <"$f" || exit 1
LC_ALL=C rpm -qp --qf '%{{NAME}} %{{VERSION}} %{{ARCH}}\\n' "$f\""""


def _files(params: Params, cluster: Cluster) -> str | None:
    if cluster.os != "linux":
        return None
    return f"""\
{header("files")}
f={word(params["file"])}
nqs={word(cluster.path("nqs"))}
list=$(LC_ALL=C rpm -qp --qf '[%{{FILENAMES}} %{{FILEDIGESTS}}\\n]' "$f") || exit 1
printf '%s\\n' "$list" | while read -r name wanted; do
  case $name in
    /opt/NECJCpt/*/*) name=${{name#/opt/NECJCpt/*/}} target=$nqs/$name ;;
    /usr/lib/nqs/*) name=${{name#/usr/lib/nqs/}} target=$nqs/$name ;;
    *) target=$name ;;
  esac
  found=-
  case ${{#wanted}} in
    0) continue ;;
    32) if [ -f "$target" ]; then found=$(md5sum <"$target"); fi ;;
    64) if [ -f "$target" ]; then found=$(sha256sum <"$target"); fi ;;
    *) exit 1 ;;
  esac
  printf '%s %s %s\\n' "$name" "$wanted" "${{found%% *}}"
done || exit 1
echo '#end'"""


def _disk(params: Params, cluster: Cluster) -> str:
    return f"{header('disk', params['kib'])}\nLC_ALL=C df -Pk {word(cluster.path('nqs'))} {word(cluster.path('patches'))}"


def _database(params: Params, _cluster: Cluster) -> str:
    place = word(params["path"])
    return f"{header('database')}\nif [ -d {place} ] && [ -r {place} ]; then echo present; else echo absent; fi\necho '#end'"


def _rights(_params: Params, cluster: Cluster) -> str:
    nqs = word(cluster.path("nqs"))
    return f"""\
{header("rights")}
if [ "$(id -u)" = 0 ]; then echo root; fi
if [ -w {nqs} ]; then echo writable; fi
echo '#end'"""


def _cluster(_params: Params, cluster: Cluster) -> str | None:
    return clusterware.of(cluster).read_state()


def _constraints(_params: Params, cluster: Cluster) -> str | None:
    return clusterware.of(cluster).read_constraints()


def _cluster_service(_params: Params, cluster: Cluster) -> str | None:
    return clusterware.of(cluster).read_service()


def _state_parser(cluster: Cluster) -> str:
    return clusterware.of(cluster).state_parser


def _constraints_parser(cluster: Cluster) -> str:
    return clusterware.of(cluster).constraints_parser


READ_ONLY: Mapping[str, Probe] = {
    "processes": Probe("processes@1", frozenset({"site"}), _processes),
    "environment": Probe("environment@1", frozenset(), _environment),
    "package": Probe("package@1", frozenset({"expected"}), _package),
    "versions": Probe("versions@1", frozenset(), _versions),
    "patch_file": Probe("patch_file@1", frozenset({"file"}), _patch_file),
    "files": Probe("files@1", frozenset({"file"}), _files),
    "disk": Probe("disk@1", frozenset({"kib"}), _disk),
    "database": Probe("words@1", frozenset({"path"}), _database),
    "rights": Probe("words@1", frozenset(), _rights),
    "cluster": Probe(_state_parser, frozenset(), _cluster),
    "constraints": Probe(_constraints_parser, frozenset(), _constraints),
    "cluster_service": Probe("words@1", frozenset(), _cluster_service),
}
