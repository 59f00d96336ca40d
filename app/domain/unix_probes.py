"""The texts of the read-only probes for UNIX nodes: POSIX sh. probes.py says which question each of them answers.

Every command prints its own header first, forces LC_ALL=C for the tools that it asks, and says nothing (another exit
status than 0) rather than half of an answer. None: this cluster cannot be asked that way (rpm outside Linux).
"""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.cluster import Cluster
from app.domain.shell import file_names, header, word

Params = Mapping[str, str]

_PROFILES = (
    "/etc/profile /etc/profile.d/*.sh "
    '"$HOME"/.profile "$HOME"/.bash_profile "$HOME"/.bash_login "$HOME"/.bashrc "$HOME"/.kshrc'
)
_SETS = "'^[[:space:]]*\\(export[[:space:]][[:space:]]*\\)\\{0,1\\}NQS_SITE='"

_NEAREST = """\
there() { [ -e "$1" ] || [ -L "$1" ]; }
nearest() { d=$1; until there "$d"; do case $d in /|'') return 1 ;; */*) d=${d%/*} ;; *) return 1 ;; esac; d=${d:-/}; done; }
absent() { nearest "$1" && [ -d "$d" ] && [ -x "$d" ]; }"""
"""`absent` holds only where the nearest folder that exists may be looked into: what may not be seen is not absent."""

_SHA256 = """\
sum() {
  if command -v sha256sum >/dev/null 2>&1; then s=$(sha256sum <"$1")
  elif command -v shasum >/dev/null 2>&1; then s=$(shasum -a 256 <"$1")
  elif command -v openssl >/dev/null 2>&1; then s=$(openssl dgst -sha256 <"$1") && s=${s##* }
  elif command -v digest >/dev/null 2>&1; then s=$(digest -a sha256 <"$1")
  else return 1; fi || return 1
  printf 'sha256:%s\\n' "${s%% *}"
}"""


def processes(params: Params, cluster: Cluster) -> str:
    """pid, ppid and arguments of every process."""
    standard = (
        "UNIX95=1 " if cluster.os == "hpux" else ""
    )  # HP-UX knows -o only in its XPG4 personality (facts 1.2)
    return f"{header('processes', params['site'])} && {standard}COLUMNS=20000 LC_ALL=C ps -e -o pid= -o ppid= -o args="


def environment(_params: Params, _cluster: Cluster) -> str:
    """Whether NQS_SITE is set in this session, in a login shell, in /etc/environment, in a profile (errata E3, E4)."""
    return f"""\
{header("environment")}
if [ -n "${{NQS_SITE+x}}" ]; then echo NQS_SITE:session; else echo clear:session; fi
sh -lc '[ -n "${{NQS_SITE+x}}" ] && exit 42; exit 43' >/dev/null 2>&1 </dev/null
case $? in 42) echo NQS_SITE:login ;; 43) echo clear:login ;; esac
found() {{ for f in "$@"; do if [ -f "$f" ] && grep {_SETS} "$f" >/dev/null 2>&1; then return 0; fi; done; return 1; }}
if found /etc/environment; then echo NQS_SITE:environment; else echo clear:environment; fi
if found {_PROFILES}; then echo NQS_SITE:profile; else echo clear:profile; fi
echo '#end'"""


def package(params: Params, cluster: Cluster) -> str | None:
    """The NECJC packages; the header names the versions that are expected."""
    return _rpm(cluster, header("package", *params["expected"].split()))


def versions(_params: Params, cluster: Cluster) -> str | None:
    """The NECJC packages, for the version of JobCenter."""
    return _rpm(cluster, header("versions"))


def _rpm(cluster: Cluster, first: str) -> str | None:
    return (
        f"{first}\nLC_ALL=C rpm -qa --qf '%{{NAME}} %{{VERSION}}\\n' 'NECJC*'"
        if cluster.os == "linux"
        else None
    )


def patch_file(params: Params, cluster: Cluster) -> str | None:
    """Digest and label of an rpm file."""
    if cluster.os != "linux":
        return None
    return f"""\
{header("patch_file", cluster.arch)}
f={word(params["file"])}
if [ ! -f "$f" ]; then echo missing; exit 0; fi
sha256sum <"$f" || exit 1
LC_ALL=C rpm -qp --qf '%{{NAME}} %{{VERSION}} %{{ARCH}}\\n' "$f\""""


def files(params: Params, cluster: Cluster) -> str | None:
    """For every file of an rpm file: its digest there, and that of what stands on the node."""
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


def disk(params: Params, cluster: Cluster) -> str:
    """Free space of the file systems of the install and of the package folder."""
    return f"{header('disk', params['kib'])}\nLC_ALL=C df -Pk {word(cluster.path('nqs'))} {word(cluster.path('patches'))}"


def database(params: Params, _cluster: Cluster) -> str:
    """Whether a site's database is there and readable."""
    place = word(params["path"])
    return f"{header('database')}\nif [ -d {place} ] && [ -r {place} ]; then echo present; else echo absent; fi\necho '#end'"


def contents(params: Params, _cluster: Cluster) -> str:
    """What stands at each of some places of a folder: nothing, a file, a folder with or without files below it, a link."""
    places = " ".join(word(name) for name in params["names"].split())
    return f"""\
{header("contents")}
{_NEAREST}
folder={word(params["folder"])}
[ -d "$folder" ] && echo looked
for name in {places}; do
  place=$folder/$name
  if [ -L "$place" ]; then echo "link:$name"
  elif [ -d "$place" ]; then
    found=$(find "$place" ! -type d -print) || exit 1
    if [ -n "$found" ]; then echo "files:$name"; else echo "empty:$name"; fi
  elif [ -e "$place" ]; then echo "file:$name"
  elif absent "$place"; then echo "none:$name"
  else exit 1; fi
done
echo '#end'"""


def intact(_params: Params, cluster: Cluster) -> str | None:
    """What rpm finds changed in the files of every package of the product."""
    if cluster.os != "linux":
        return None
    return f"""\
{header("intact")}
names=$(LC_ALL=C rpm -qa --qf '%{{NAME}}\\n' 'NECJC*') || exit 1
[ -n "$names" ] || exit 1
for name in $names; do LC_ALL=C rpm -V "$name"; done
echo '#end'"""


def rights(_params: Params, cluster: Cluster) -> str:
    """Whether we are root, and whether the install folder is writable."""
    nqs = word(cluster.path("nqs"))
    return f"""\
{header("rights")}
if [ "$(id -u)" = 0 ]; then echo root; fi
if [ -w {nqs} ]; then echo writable; fi
echo '#end'"""


def file(params: Params, _cluster: Cluster) -> str:
    """Whether a file is there, and its digest."""
    return f"""\
{header("file")}
{_NEAREST}
{_SHA256}
f={word(params["path"])}
if [ -f "$f" ]; then echo present; sum "$f" || exit 1
elif ! there "$f" && absent "$f"; then echo absent
else exit 1; fi
echo '#end'"""


def package_file(params: Params, _cluster: Cluster) -> str:
    """Whether a package's file is there, and its digest."""
    return f"""\
{header("package_file")}
{_NEAREST}
{_SHA256}
f={word(params["file"])}
if [ -f "$f" ]; then sum "$f" || exit 1
elif ! there "$f" && absent "$f"; then echo missing
else exit 1; fi
echo '#end'"""


def folder(params: Params, _cluster: Cluster) -> str:
    """Whether a folder is there. What is there but no folder is no answer."""
    return f"""\
{header("folder")}
{_NEAREST}
f={word(params["path"])}
if [ -d "$f" ]; then echo present
elif ! there "$f" && absent "$f"; then echo absent
else exit 1; fi
echo '#end'"""


def folder_files(params: Params, _cluster: Cluster) -> str:
    """Which of the names are in a folder."""
    names = file_names(params["names"])
    return f"""\
{header("folder_files", *names)}
{_NEAREST}
f={word(params["folder"])}
for n in {" ".join(map(word, names))}; do
  if there "$f/$n"; then printf 'present %s\\n' "$n"
  elif absent "$f/$n"; then printf 'absent %s\\n' "$n"
  else exit 1; fi
done
echo '#end'"""


def port(params: Params, _cluster: Cluster) -> str:
    """Whether anything listens on a TCP port: the kernel's table on Linux, elsewhere netstat by its columns. Needs no root."""
    return f"""\
{header("port", params["port"])}
p={word(params["port"])}
if [ -r /proc/net/tcp ]; then
  h=$(printf ':%04X' "$p") || exit 1
  set -- /proc/net/tcp
  if [ -r /proc/net/tcp6 ]; then set -- "$@" /proc/net/tcp6; fi
  LC_ALL=C awk -v p="$h" '
    $4 == "0A" && substr($2, length($2) - 4) == p {{ n++ }}
    END {{ print n ? "listening" : "closed" }}' "$@" || exit 1
else
  t=$(LC_ALL=C netstat -an) && [ -n "$t" ] || exit 1
  printf '%s\\n' "$t" | LC_ALL=C awk -v p="$p" '
    $NF == "LISTEN" {{ a = $1 ~ /^tcp/ ? $4 : $1; sub(/^.*[.:]/, "", a); if (a == p) n++ }}
    END {{ print n ? "listening" : "closed" }}' || exit 1
fi
echo '#end'"""


def mount(params: Params, _cluster: Cluster) -> str:
    """Whether a path lies on another file system than /. Of a path that is not there, the nearest folder that is."""
    return f"""\
{header("mount")}
{_NEAREST}
nearest {word(params["path"])} || exit 1
a=$(LC_ALL=C df -P "$d" | tail -n 1) && b=$(LC_ALL=C df -P / | tail -n 1) || exit 1
if [ -z "$a" ] || [ -z "$b" ]; then exit 1; fi
if [ "${{a%% *}} ${{a##* }}" = "${{b%% *}} ${{b##* }}" ]; then echo unmounted; else echo mounted; fi
echo '#end'"""
