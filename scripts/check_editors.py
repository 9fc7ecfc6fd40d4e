"""Checks the editors' syntax files: the words that they list are the words of the code.

    python scripts/check_editors.py            # one line a fault; exits with 1 when there is any
    python scripts/check_editors.py --write    # write the words of the code into the files

A syntax file has a list for each name in `words()` that it wants, in the form that `FORMS` gives.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from lsmc.modules.apparmor import classes, mount_flags, names
from lsmc.modules.apparmor.lower.profile_head import FLAG_NAMES
from lsmc.modules.apparmor.syntax.lexer_modes import (
    KEYWORDS,
    LOGIC,
    MQUEUE_PERMS,
    NETWORK_PERMS,
)
from lsmc.modules.selinux.syntax import grammar as cil
from lsmc.modules.selinux.syntax.names import OPERATORS, RESERVED
from lsmc.modules.tomoyo import vocabulary as tomoyo
from lsmc.modules.tomoyo.syntax.domains import SETTINGS as DOMAIN_SETTINGS
from lsmc.modules.tomoyo.syntax.exceptions import KEYWORDS as EXCEPTIONS

FOLDER = Path(__file__).resolve().parent.parent / "editors"


class Form(NamedTuple):
    """How a file lists words.

    Attributes:
        pattern: a list, with the groups `name` and `words`.
        word: writes one word.
        between: what stands between words.
    """

    pattern: str
    word: Callable[[str], str]
    between: str


_YAML = Form(r"^  (?P<name>\w+): \[(?P<words>.*)\]$", str, ", ")
_VIM_KEYWORDS = Form(
    r"^syn keyword (?:apparmor)?(?P<name>\w+)(?: contained| nextgroup=\w+| skipwhite)*"
    r" (?P<words>.*)$",
    str,
    " ",
)
_VIM_REGION = Form(
    r"^syn region apparmor(?P<name>\w+) .* start=/\\<\\%\((?P<words>.*?)\\\)\\>/", str, r"\|"
)
_EMACS = Form(
    r"^\(defconst apparmor-mode--(?P<name>[\w-]+)\n  '\((?P<words>.*?)\)", '"{}"'.format, " "
)
_KATE = Form(r'<list name="(?P<name>\w+)">(?P<words>.*)</list>', "<item>{}</item>".format, "")
FORMS: dict[str, tuple[Form, ...]] = {
    "vscode/syntaxes/apparmor.yaml": (_YAML,),
    "vscode/syntaxes/cil.yaml": (_YAML,),
    "vscode/syntaxes/tomoyo.yaml": (_YAML,),
    "vim/syntax/apparmor.vim": (_VIM_KEYWORDS, _VIM_REGION),
    "vim/syntax/cil.vim": (_VIM_KEYWORDS,),
    "vim/syntax/tomoyo.vim": (_VIM_KEYWORDS,),
    "emacs/apparmor-mode.el": (_EMACS,),
    "kate/apparmor.xml": (_KATE,),
}


def keywords(*terminals: str) -> tuple[str, ...]:
    """The keywords that stand for some terminals of the grammar."""
    return tuple(word for word, (terminal, _) in KEYWORDS.items() if terminal in terminals)


def keywords_of(*modes: str) -> tuple[str, ...]:
    """The keywords that start a mode of the lexer."""
    return tuple(word for word, (_, mode) in KEYWORDS.items() if mode in modes)


def words() -> dict[str, tuple[str, ...]]:
    """The words of each list."""
    access = {*NETWORK_PERMS, *MQUEUE_PERMS}
    for one in (classes.DBUS, classes.SIGNAL, classes.PTRACE, classes.USERNS, classes.IO_URING):
        access |= set(one.permissions)
    return {
        "profile": keywords("PROFILE", "HAT"),
        "qualifier": keywords("AUDIT", "EFFECT", "WHOM", "SAFETY", "SUBSET"),
        "statement": keywords("ALIAS", "SET"),
        "rule": keywords("ALL", "FILE", "LINK", "PIVOT_ROOT", "IO_URING"),
        "socketRule": keywords_of("rule", "network"),
        "mountRule": keywords_of("mount", "mqueue"),
        "logic": LOGIC,
        "access": tuple(sorted(access)),
        "ioUring": classes.IO_URING.permissions,
        "capability": names.CAPABILITIES,
        "network": tuple(dict.fromkeys((*names.FAMILIES, *names.SOCKET_TYPES, *names.PROTOCOLS))),
        "signal": (*names.SIGNALS, *names.SIGNAL_ALIASES),
        "flag": FLAG_NAMES,
        "mountOption": (*mount_flags.SETS, *mount_flags.CLEARS),
        "resource": names.RESOURCES,
        "bus": names.BUSES,
        "queue": names.QUEUE_TYPES,
        "cilContainer": tuple(cil.CONTAINERS),
        "cilStatement": tuple(word for word in cil.SHAPES if word not in cil.CONTAINERS),
        "cilOperator": tuple(sorted(OPERATORS | RESERVED["boolean"] | RESERVED["category"])),
        "tomoyoLine": (*EXCEPTIONS, *DOMAIN_SETTINGS, *tomoyo.FLAGS),
        "tomoyoHead": tuple(dict.fromkeys(kind.head.split()[0] for kind in tomoyo.KINDS)),
        "tomoyoAccess": tuple(
            dict.fromkeys(word for kind in tomoyo.KINDS for word in kind.permissions)
        ),
        "tomoyoSocket": tomoyo.SOCKET_TYPES,
        "tomoyoMode": tomoyo.MODES,
        "tomoyoOperand": tuple(sorted(tomoyo.OPERANDS)),
    }


def filled(text: str, form: Form, lists: dict[str, tuple[str, ...]]) -> str:
    """A syntax file with the words of the code in its lists."""
    lists = {name.lower(): some for name, some in lists.items()}

    def words_of(found: re.Match[str]) -> str:
        name = found["name"].replace("-", "").lower()
        if name not in lists:
            return found[0]
        start, end = (place - found.start() for place in found.span("words"))
        listed = form.between.join(map(form.word, lists[name]))
        return found[0][:start] + listed + found[0][end:]

    return re.sub(form.pattern, words_of, text, flags=re.MULTILINE)


def main() -> int:
    """Check every syntax file, or write its words."""
    found = 0
    lists = words()
    for name, forms in FORMS.items():
        path = FOLDER / name
        text = wanted = path.read_text(encoding="utf-8")
        for form in forms:
            wanted = filled(wanted, form, lists)
        if wanted == text:
            continue
        if sys.argv[1:] == ["--write"]:
            path.write_text(wanted, encoding="utf-8")
        else:
            print(
                f"editors/{name}: other words than the code; run: scripts/check_editors.py --write"
            )
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
