"""What the connection doctor asks of a UNIX node: POSIX sh that changes nothing, and what the answers mean. Runs nothing.

Each text prints its header, then lines `word value ...` of our own making, then `#end`; a word without a value was asked in vain.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from app.domain.answers import closed
from app.domain.cluster import Cluster, Node
from app.domain.doctor import Finding, finding, unread
from app.domain.doctor_contact import clock
from app.domain.doctor_disk import Free, disk
from app.domain.procedure import CommandText
from app.domain.shell import header, sh, word

MANY_LEFT = 20
LINES = ("rights", "digest", "spool", "left", "clock", "boot", "zone", "encoding")
"""What the first text answers; the second one answers `disk`."""
Answers = Mapping[str, str]

_CHARMAPS = {
    "utf-8": "utf-8", "utf8": "utf-8", "euc-jp": "euc-jp", "eucjp": "euc-jp", "ibm-eucjp": "euc-jp",
    "shift_jis": "cp932", "sjis": "cp932", "pck": "cp932", "ibm-943": "cp932", "ibm-932": "cp932", "windows-31j": "cp932",
}  # fmt: skip
"""`locale charmap` of Linux, HP-UX, AIX and Solaris, and our names."""
_ASCII = frozenset({"ansi_x3.4-1968", "us-ascii", "646", "iso8859-1", "roman8"})
"""The C locale's: the node says nothing about how JobCenter's output is written."""


def questions(spool: str | None) -> CommandText:
    """Everything that takes no time. `spool`: the guard's folder where it is not the default one."""
    place = word(spool) if spool else '"${TEJUN_SPOOL:-$HOME/.tejun}"'
    return sh(f"""\
{header("doctor")}
u=$(id -u)
echo "uid $u"
if [ "$u" != 0 ] && command -v sudo >/dev/null 2>&1 && sudo -n true </dev/null >/dev/null 2>&1
then echo 'sudo yes'; else echo 'sudo no'; fi
echo "utc $(date -u '+%Y%m%d%H%M%S')"
echo "local $(date '+%Y%m%d%H%M%S')"
echo "charmap $(locale charmap 2>/dev/null)"
t=none
for c in sha256sum shasum openssl digest csum; do if command -v "$c" >/dev/null 2>&1; then t=$c; break; fi; done
echo "digest $t"
if [ -r /proc/sys/kernel/random/boot_id ]; then echo 'boot boot_id'
elif [ -n "$(LC_ALL=C who -b 2>/dev/null | tr -cd '0-9')" ]; then echo 'boot who'
else echo 'boot none'; fi
b={place}
case $b in /*) ;; *) b=$PWD/$b ;; esac
printf 'path %s\\n' "$b"
if [ -d "$b" ]; then echo "spool folder $(LC_ALL=C ls -ldnL "$b" | awk '{{ print $1, $3; exit }}')"
elif [ -e "$b" ] || [ -L "$b" ]; then echo 'spool blocked'
else
  d=$b
  until [ -e "$d" ] || [ -L "$d" ]; do d=${{d%/*}}; d=${{d:-/}}; done
  if [ -d "$d" ] && [ -w "$d" ]; then echo 'spool absent'; else echo 'spool blocked'; fi
fi
n=0
for f in "$b"/*/claim; do if [ -f "$f" ]; then n=$((n + 1)); fi; done
echo "left $n"
echo '#end'""")


def disk_question(cluster: Cluster, spool: str | None) -> CommandText:
    """Free space where something will be written, and the size of what is installed: it may take a while."""
    places = [word(cluster.path("nqs")), word(cluster.path("patches"))]
    places.append(word(spool) if spool else '"${TEJUN_SPOOL:-$HOME/.tejun}"')
    return sh(f"""\
{header("doctor_disk")}
for p in {" ".join(places)}; do
  d=$p
  until [ -e "$d" ]; do case $d in */*) d=${{d%/*}} ;; *) d=. ;; esac; d=${{d:-/}}; done
  printf 'free %s %s\\n' "$(LC_ALL=C df -Pk "$d" | awk 'END {{ print $4 }}')" "$p"
done
n={places[0]}
if [ -d "$n/." ]; then echo "used $(LC_ALL=C du -skx "$n/." 2>/dev/null | awk 'END {{ print $1 }}')"; fi
echo '#end'""")


def answers(stdout: bytes, exit_status: int) -> Answers | None:
    """The words of a whole answer and what stands behind each. None for anything else."""
    read = closed(stdout, exit_status, "doctor")
    if read is None:
        return None
    pairs = [line.partition(" ") for line in read[1]]
    return {key: value for key, _, value in pairs}


def judge(told: Answers, node: Node, cluster: Cluster, at: datetime, expected_minutes: int) -> list[Finding]:
    """The lines of the first text. `at`: the console's clock when the answer was made; `expected_minutes`: how far the cluster
    file's zone is from UTC then."""
    found = [_rights(told), _digest(told), _spool(told), _left(told), _boot(told)]
    return [*found, *_clock(told, at, cluster, expected_minutes), _encoding(told, node)]


def _rights(told: Answers) -> Finding:
    if not told.get("uid", "").isdigit():
        return unread("rights")
    if told["uid"] == "0":
        return finding("rights.root")
    return finding("rights.sudo" if told.get("sudo") == "yes" else "rights.none")


def _digest(told: Answers) -> Finding:
    tool = told.get("digest", "")
    if not tool:
        return unread("digest")
    return finding("digest.none") if tool == "none" else finding("digest.there", tool=tool)


def _spool(told: Answers) -> Finding:
    path, words = told.get("path", ""), told.get("spool", "").split()
    if words == ["absent"]:
        return finding("spool.can_be_made", path=path)
    if words == ["blocked"]:
        return finding("spool.blocked", path=path)
    if len(words) != 3 or words[0] != "folder" or not re.fullmatch(r"d[-rwxsStT]{9}[.+@]?", words[1]):
        return unread("spool")
    mode, owner = words[1:]
    if owner != told.get("uid") or "w" in (mode[5], mode[8]):
        return finding("spool.foreign", path=path, detail=f"{mode} uid {owner}")
    return finding("spool.ready", path=path)


def _left(told: Answers) -> Finding:
    if not told.get("left", "").isdigit():
        return unread("left")
    return left(int(told["left"]))


def left(count: int) -> Finding:
    """How many runs are left in the guard's folder."""
    return finding("left.many" if count > MANY_LEFT else "left.few", count=count)


def _boot(told: Answers) -> Finding:
    word_ = told.get("boot", "")
    if not word_:
        return unread("boot")
    return finding("boot.none") if word_ == "none" else finding("boot.read", told=word_)


def _clock(told: Answers, at: datetime, cluster: Cluster, expected: int) -> list[Finding]:
    utc, here = _moment(told.get("utc", "")), _moment(told.get("local", ""))
    if utc is None:
        return [unread("clock"), unread("zone")]
    skew = clock((utc - at).total_seconds(), kerberos=False)
    if here is None:
        return [skew, unread("zone")]
    minutes = round((here - utc).total_seconds() / 900) * 15  # the two were not read at the same instant
    return [skew, zone(minutes, expected, cluster)]


def zone(minutes: int, expected: int, cluster: Cluster) -> Finding:
    """How far the node is from UTC, and how far it should be."""
    if minutes == expected:
        return finding("zone.same", offset=_offset(minutes))
    return finding(
        "zone.differs", offset=_offset(minutes), zone=cluster.time_zone, expected=_offset(expected)
    )


def _offset(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _encoding(told: Answers, node: Node) -> Finding:
    charmap = told.get("charmap", "")
    if not charmap:
        return unread("encoding")
    return encoding(charmap, _CHARMAPS.get(charmap.lower()), charmap.lower() in _ASCII, node)


def encoding(page: str, known: str | None, plain: bool, node: Node) -> Finding:
    """What the node writes in, by its own name and by ours, against the cluster file. `plain`: ASCII, which fits all."""
    if node.encoding is None:
        return finding("encoding.unset", page=page)
    if plain or known == node.encoding:
        return finding("encoding.same", page=page)
    return finding("encoding.differs", page=page, encoding=node.encoding)


def judge_disk(stdout: bytes, exit_status: int) -> Finding:
    """The line of the second text."""
    read = closed(stdout, exit_status, "doctor_disk")
    if read is None:
        return unread("disk")
    free, used = list[Free](), None
    for line in read[1]:
        key, _, rest = line.partition(" ")
        kib, _, place = rest.partition(" ")
        if not kib.isdigit():
            return unread("disk")
        if key == "free":
            free.append(Free(place, int(kib)))
        elif key == "used":
            used = int(kib)
    return disk(free, used)
