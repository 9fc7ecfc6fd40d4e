"""The checks of risk: what each finds and leaves alone, and that every witness holds."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from lsmc.base.diagnostics import Diagnostic
from lsmc.compiler.inputs import Options
from lsmc.lint.model import SettingError
from lsmc.modules.apparmor.lint.linter import LINT
from lsmc.modules.apparmor.lint.tree import Tree, read_tree
from tests.lint.support import PROFILES, lint_files, short

#: Codes whose witness is an access that is refused.
REFUSED = {"LSM309", "LSM312"}

WIDER_LATER = """profile p /p {
  /a r,
  /q px,
}
profile q /q {
  /c r,
  /r px,
}
profile r /r {
  /* rw,
  deny /c r,
}
"""

# code, policy, lines with findings
FOUND = [
    ("LSM301", "profile p /p {\n  /** rw,\n}\n", [2]),
    ("LSM301", "profile p /p {\n  /{,**} r,\n}\n", [2]),
    ("LSM301", "profile p /p {\n  file,\n  dbus,\n  capability,\n}\n", [2, 3, 4]),
    ("LSM301", "profile p /p {\n  all,\n}\n", [2]),
    ("LSM301", "profile p /p {\n  change_profile,\n}\n", [2]),
    ("LSM302", "profile p /p {\n  /usr/bin/x cUx,\n}\n", [2]),
    ("LSM302", "profile p /p {\n  /usr/bin/* PUx,\n}\nprofile x /usr/bin/x { }\n", [2]),
    ("LSM303", "profile p /p {\n  /x cx,\n  profile x /x { }\n}\n", [2]),
    ("LSM304", "profile p /p {\n  change_profile -> unconfined,\n}\n", [2]),
    (
        "LSM304",
        "profile p /p {\n  ^h {\n    /x Px -> q,\n  }\n}\nprofile q {\n  /y Ux,\n}\n",
        [1, 3],
    ),
    (
        "LSM304",
        "profile p /p {\n  /a r,\n  change_profile -> q,\n}\nprofile q {\n  /* r,\n}\n",
        [3],
    ),
    (
        "LSM304",  # the way to the wider profile leads through one that is not
        WIDER_LATER,
        [3],
    ),
    ("LSM305", "profile p /p {\n  owner /tmp/** rwm,\n}\n", [2]),
    ("LSM305", "profile p /p {\n  /opt/*/bin/ w,\n  /opt/x/bin/* w,\n  /opt/** ix,\n}\n", [3]),
    ("LSM306", "profile p /p {\n  /etc/cron.d/mine w,\n}\n", [2]),
    ("LSM306", "profile p /usr/bin/p {\n  /usr/bin/* rw,\n}\n", [2]),
    ("LSM307", "profile p /p {\n  capability chown mac_admin,\n}\n", [2]),
    ("LSM308", "profile p /p {\n  capability kill,\n}\n", [2]),
    ("LSM308", "profile p /p {\n  capability audit_write,\n  network inet,\n}\n", [2]),
    ("LSM309", "profile p /p {\n  umount /mnt/,\n}\n", [2]),
    ("LSM309", "profile p /p {\n  network packet raw,\n}\n", [2]),
    ("LSM309", "profile p /p {\n  /dev/mem r,\n}\n", [2]),
    ("LSM310", "profile p /p {\n  /tmp/p.* rw,\n}\n", [2]),
    ("LSM311", "profile p /p {\n  owner /home/*/.ssh/* r,\n}\n", [2]),
    ("LSM312", "profile p /p {\n  deny capability sys_module,\n}\n", [2]),
    ("LSM313", "profile p /p flags=(default_allow) {\n  /a r,\n}\n", [1]),
    ("LSM315", "profile p /p {\n  /etc/p\u0430sswd r,\n}\n", [2]),
    ("LSM315", "profile p /p {\n  # a\u202eb\n  /\u200ba r,\n}\n", [2, 3]),
]

# code, policy without findings
FREE = [
    ("LSM301", "profile p /p {\n  /** rw,\n  deny /{,[^x]**} w,\n  deny /** r,\n}\n"),
    ("LSM301", "profile p /p {\n  /srv/** rw,\n  network inet,\n}\n"),
    ("LSM301", "profile p /p flags=(unconfined) {\n  /** rw,\n}\n"),
    ("LSM302", "profile p /p {\n  /usr/bin/x PUx,\n}\nprofile x /usr/bin/x { }\n"),
    ("LSM302", "profile p /p {\n  /x Ux,\n  deny /x x,\n}\n"),
    ("LSM303", "profile p /p {\n  /x pix,\n}\n"),
    ("LSM304", "profile p /p {\n  /x Ux,\n}\n"),
    ("LSM304", "profile p /p {\n  /a r,\n  /q px,\n}\nprofile q /q {\n  /a r,\n}\n"),
    ("LSM304", "profile p /p {\n  /a r,\n  /q px,\n}\nprofile q /q {\n  owner /* rw,\n}\n"),
    (
        "LSM304",
        "profile p /p {\n  /* r,\n  /q px,\n}\nprofile q /q {\n  /** rw,\n  deny /aaa r,\n}\n",
    ),
    (
        "LSM304",
        "profile p /p {\n  /a r,\n  capability kill,\n  /q px,\n}\nprofile q /q {\n  /* rw,\n}\n",
    ),
    ("LSM305", "profile p /p {\n  owner /a w,\n  other /a ix,\n}\n"),
    ("LSM305", "profile p /p {\n  /tmp/** rwm,\n  deny /tmp/** m,\n}\n"),
    ("LSM305", "profile p /p {\n  /dev/zero rwm,\n  /opt/*/ w,\n  /opt/*/ ix,\n}\n"),
    ("LSM306", "profile p /p {\n  /etc/** rw,\n  deny /etc/** w,\n}\n"),
    ("LSM307", "profile p /p {\n  capability sys_admin,\n  deny capability sys_admin,\n}\n"),
    ("LSM308", "profile p /p {\n  capability kill,\n  signal send peer=q,\n}\n"),
    ("LSM308", "profile p /p {\n  capability net_raw,\n  network raw,\n}\n"),
    ("LSM309", "profile p /p {\n  network raw,\n  network netlink raw,\n}\n"),
    ("LSM309", "profile p /p {\n  capability sys_admin,\n  mount,\n}\n"),
    ("LSM310", "profile p /p {\n  owner /tmp/** rw,\n  /tmp/** r,\n  /tmp/.X11-unix/X0 rw,\n}\n"),
    ("LSM311", "profile p /p {\n  /home/*/.ssh/known_hosts r,\n  /home/*/.ssh/*.pub r,\n}\n"),
    ("LSM312", "profile p /p {\n  audit deny /etc/shadow r,\n}\n"),
    ("LSM312", "profile p /p flags=(audit) {\n  deny /etc/shadow r,\n}\n"),
    ("LSM313", "profile p /p flags=(enforce) {\n  /a r,\n}\n"),
    ("LSM315", "profile p /p {\n  /srv/d\u00e9p\u00f4t/\u0430\u0431\u0432 r,\n}\n"),
]


def tree_of(folder: Path, text: str) -> Tree:
    (folder / "example").write_text(text, encoding="utf-8")
    tree, faults = read_tree([str(folder / "example")], Options(base=str(PROFILES)))
    assert [str(fault) for fault in faults] == []
    return tree


def findings(folder: Path, code: str, text: str) -> list[Diagnostic]:
    tree = tree_of(folder, text)
    found = list(LINT.checks[code].run(tree))
    for one in found:
        confirm(tree, one)
    return found


def confirm(tree: Tree, finding: Diagnostic) -> None:
    """The witness of a finding shows what it claims."""
    if finding.witness is None:
        return
    verdict = tree.answer(finding.witness)
    granted = verdict.decision in {"allow", "unconfined"}
    assert granted is (finding.code not in REFUSED), (str(finding), finding.witness, verdict)


@pytest.mark.parametrize(("code", "text", "lines"), FOUND)
def test_found(tmp_path: Path, code: str, text: str, lines: list[int]) -> None:
    found = findings(tmp_path, code, text)
    assert sorted({one.line or 0 for one in found}) == lines, [str(one) for one in found]


@pytest.mark.parametrize(("code", "text"), FREE)
def test_free(tmp_path: Path, code: str, text: str) -> None:
    assert [str(one) for one in findings(tmp_path, code, text)] == []


def test_the_write_and_exec_object_is_a_real_path(tmp_path: Path) -> None:
    text = "@{H} = /home/*/ /root/\nprofile p /p {\n  owner @{H}/** rw,\n  @{H}/** ix,\n}\n"
    (found,) = findings(tmp_path, "LSM305", text)
    assert found.witness is not None
    assert "//" not in found.witness["object"]


def test_included_rules_name_their_chain(tmp_path: Path) -> None:
    files = {
        "example": "profile p /p {\n  include <abstractions/own>\n}\n",
        "abstractions/own": "/etc/shadow r,\n",
    }
    result = lint_files(tmp_path, files, "LSM311")
    (found,) = result.findings
    assert (found.file or "").endswith("abstractions/own")
    assert [label.span.location().line for label in found.related] == [2]


def test_a_list_of_one_passes_over_named_profiles(tmp_path: Path) -> None:
    files = {
        "example": "profile login {\n  /etc/shadow r,\n}\nprofile q {\n  /etc/shadow r,\n}\n",
        "lsmc.toml": '[checks.sensitive-read]\nallow = {"password hashes" = ["q"]}\n',
    }
    assert short(lint_files(tmp_path, files, "LSM311")) == []


ASSERTION = """
[[assertions]]
name = "no raw sockets"
subjects = ["web*"]
except = ["web-ping"]
class = "network"
permissions = ["create"]
fields = {family = ["inet", "inet6"], type = "raw"}
"""


def test_assertions_speak_of_every_class(tmp_path: Path) -> None:
    text = (
        "profile web-front {\n  network inet,\n}\nprofile web-ping {\n  network raw,\n}\n"
        "profile web-none {\n  network inet stream,\n}\nprofile other {\n  network,\n}\n"
    )
    files = {"example": text, "lsmc.toml": ASSERTION}
    assert short(lint_files(tmp_path, files, "LSM316")) == ["2:LSM316"]


def test_assertions_see_through_denies(tmp_path: Path) -> None:
    text = "profile p {\n  /usr/** rw,\n  deny /usr/bin/[a-z]* w,\n}\n"
    entry = '[[assertions]]\nname = "bin"\npermissions = "w"\nobject = "/usr/bin/*"\n'
    result = lint_files(tmp_path, {"example": text, "lsmc.toml": entry}, "LSM316")
    assert short(result) == ["2:LSM316"]
    assert result.findings[0].witness is not None
    assert result.findings[0].witness["object"] == "/usr/bin/A"


def test_assertions_count_what_is_not_mediated(tmp_path: Path) -> None:
    text = "profile p {\n}\nprofile q flags=(unconfined) {\n}\n"
    entry = '[[assertions]]\nname = "no namespaces"\nclass = "userns"\n'
    assert short(lint_files(tmp_path, {"example": text, "lsmc.toml": entry}, "LSM316")) == [
        "1:LSM316"
    ]


@pytest.mark.parametrize(
    "entry",
    [
        'class = "files"',
        'permissions = ["q"]',
        'object = "/a{b"',
        'fields = {type = "raw"}',
        'owner = "yes"',
        'objects = "/a"',
        "object = 3",
    ],
)
def test_bad_assertions_are_one_clear_fault(tmp_path: Path, entry: str) -> None:
    tree = tree_of(tmp_path, "profile p {\n}\n")
    settings = tomllib.loads(f"[[assertions]]\n{entry}\n")
    broken = replace(tree, settings=settings)
    with pytest.raises(SettingError, match="assertion 1"):
        list(LINT.checks["LSM316"].run(broken))
