"""Profile heads: names, namespaces, attachments and flags (apparmor.d(5), "Profile head")."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lsmc.automata.algebra import Lazy
from lsmc.automata.alphabet import mask_of
from lsmc.automata.pattern import Literal, Pattern
from lsmc.base.source import Span
from lsmc.ir.model import Attachment
from lsmc.modules.apparmor.errors import did_you_mean
from lsmc.modules.apparmor.lower.context import Lowering, glob
from lsmc.modules.apparmor.lower.rules.peer import signal_name
from lsmc.modules.apparmor.releases import PLAIN_NAME
from lsmc.modules.apparmor.resolve.refused import Refused, refusal
from lsmc.modules.apparmor.resolve.variables import Variables, filter_slashes
from lsmc.modules.apparmor.syntax import ast

#: What the compilers escape in `@{profile_name}`; what a backslash stands before is left as it is.
_OWN_NAME = re.compile(r"(\\.)|[*?\[\]{}]", re.DOTALL)
_NAMESPACED = re.compile(r":([^:]*):(?://)?(.*)\Z", re.DOTALL)
_MODES = ("enforce", "complain", "kill", "unconfined", "prompt", "default_allow")
_PATH_FLAGS = (
    ("chroot_relative", "namespace_relative"),
    ("mediate_deleted", "delegate_deleted"),
    ("attach_disconnected", "no_attach_disconnected"),
    ("chroot_attach", "chroot_no_attach"),
)
#: A path in which nothing stands for several texts.
_PLAIN = re.compile(r"(?:[^*?\[{\\]|\\.)*", re.DOTALL)
_SLASH = mask_of(b"/")
_SIMPLE = ("audit", "debug", "interruptible")
_PATHS = ("attach_disconnected.path", "attach_disconnected.ipc")
#: All flags that a profile may have.
FLAGS = (*_MODES, *(f for group in _PATH_FLAGS for f in group), *_SIMPLE, *_PATHS)
#: Every flag of a profile; `kill.signal` and `error` take a value, as those of `_PATHS` may.
FLAG_NAMES = (*FLAGS, "kill.signal", "error")
_DEFAULTS = frozenset(group[1] for group in _PATH_FLAGS)


class ProfileName(NamedTuple):
    """A profile's name in two parts."""

    namespace: str
    local: str

    def child(self, name: ProfileName) -> ProfileName:
        """The name of a child."""
        return ProfileName(name.namespace or self.namespace, f"{self.local}//{name.local}")


class Flags(NamedTuple):
    """What the flags of a profile say."""

    mode: str = "enforce"
    audit: bool = False
    settings: tuple[tuple[str, str], ...] = ()


def profile_name(profile: ast.Profile, context: Lowering) -> ProfileName:
    """Namespace and local name; raises `Refused`."""
    word = profile.name
    text = word.text
    if not profile.keyword and not text.startswith(("/", ":")):
        raise refusal(
            "bare-profile-name",
            word.span,
            f"the profile name `{text}` needs a keyword before it",
            f"write `profile {text}`",
        )
    if text.startswith("&"):
        raise refusal("stacked-profile-name", word.span, "a profile name cannot start with `&`")
    text = context.text(word)
    namespace = ""
    if text.startswith(":"):
        match = _NAMESPACED.match(text)
        if match is None or not all(match.groups()):
            raise refusal(
                "bad-namespace",
                word.span,
                f"`{text}` is not a name in a namespace",
                "write `:NAMESPACE:NAME`",
            )
        namespace, text = match.groups()
    if not text:
        raise refusal("bad-profile-head", word.span, "a profile needs a name")
    return ProfileName(namespace, text)


def attachment(
    profile: ast.Profile, name: ProfileName, context: Lowering
) -> tuple[Attachment | None, str]:
    """The executables a profile attaches to, and the glob text of it; raises `Refused`.

    A name is its own attachment as far as it matches paths: what stands behind its last `//`,
    which is what the kernel calls a child.
    """
    named = profile.attachment is None
    word = profile.attachment or profile.name
    if not named and not word.text.startswith(("/", "@{")):
        raise refusal(
            "bad-attachment",
            word.span,
            f"the attachment `{word.text}` is not a path",
            "it starts with `/` or a variable",
        )
    text = name.local if named else context.text(word)
    own = text.split("//")[-1] if named else text
    _, *copies = (copy for (copy,) in context.aliased(text))
    alternatives = [filter_slashes(alternative) for alternative in (own, *copies)]
    shown = filter_slashes(text) if text.startswith("/") or not named else ""
    conditional = bool(profile.xattrs) and "domain/attach_conditions/xattr" in context.features
    plain = named and not conditional and not copies and _PLAIN.fullmatch(own)
    if plain and PLAIN_NAME.older(context.release):
        _check_glob(own, word.span)
        by_name = Attachment((Literal(own.encode("latin-1")),), by_name=True)
        return (by_name if own.startswith("/") else None), shown
    patterns: list[Pattern] = []
    for alternative in alternatives:
        try:
            patterns.append(glob(alternative, word.span).pattern)
        except Refused as refused:
            raise refusal("bad-attachment-glob", word.span, refused.diagnostic.message) from None
    if not any(map(_begins_with_slash, alternatives, patterns)):
        return None, shown
    xattrs: tuple[tuple[str, Pattern], ...] = ()
    if "domain/attach_conditions/xattr" in context.features:
        xattrs = tuple(
            (x.name.text, glob(x.value.text if x.value else "**", x.name.span, null=True).pattern)
            for x in profile.xattrs
        )
    return Attachment(tuple(patterns), xattrs), shown


def _begins_with_slash(text: str, pattern: Pattern) -> bool:
    """Whether some text that a glob matches begins as paths do."""
    automaton = Lazy(pattern)
    return text.startswith("/") or any(
        mask & _SLASH for mask, _ in automaton.edges(automaton.start)
    )


def _check_glob(text: str, span: Span) -> None:
    try:
        glob(text, span)
    except Refused as refused:
        raise refusal("bad-attachment-glob", span, refused.diagnostic.message) from None


def identities(profile: ast.Profile) -> tuple[tuple[str, str], ...]:
    """The identities as a setting, one a line; raises `Refused` for one with a blank in it."""
    for word in profile.identities:
        if re.search(r"\s", word.text) and not word.text.startswith("/"):
            raise refusal(
                "bad-identity", word.span, f"the identity `{word.text}` has a blank in it"
            )
    text = "\n".join(word.text for word in profile.identities)
    return (("identities", text),) if text else ()


def builtins(name: str, attachment_text: str) -> dict[str, str]:
    """The variables that a profile sets for itself, as glob texts."""
    values = {"profile_name": _own_name(name)}
    if attachment_text:
        values["attach_path"] = values["exec_path"] = attachment_text
    return values


def _own_name(name: str) -> str:
    """A profile's name as the compilers make a glob of it: commas and backslashes stay bare."""
    return _OWN_NAME.sub(lambda m: m.group() if m.group(1) else f"\\{m.group()}", name)


def scoped(variables: Variables, values: dict[str, str]) -> Variables:
    """The variables of a file with those of one profile on top."""
    scope = Variables(variables)
    for name, value in values.items():
        scope.assign(name, (value,))
    return scope


def flags(words: Sequence[ast.Word], context: Lowering) -> Flags:
    """The flags of a profile; raises `Refused`."""
    mode: str | None = None
    chosen: dict[str, ast.Word] = {}
    settings: dict[str, str] = {}
    for word in words:
        name, _, value = word.text.partition("=")
        if name in ("kill.signal", "error") or (value and name in _PATHS):
            _set(settings, name, _value(name, value, word, context), word)
        elif word.text in _MODES:
            if mode not in (None, word.text):
                raise refusal(
                    "conflicting-modes",
                    word.span,
                    f"`{word.text}` contradicts `{mode}`: a profile has one mode",
                )
            mode = word.text
        elif word.text in FLAGS and word.text != "attach_disconnected.path":
            chosen[word.text] = word
        else:
            raise refusal(
                "unknown-flag",
                word.span,
                f"unknown profile flag `{word.text}`",
                did_you_mean(name, FLAG_NAMES),
            )
    _check_groups(chosen, settings)
    for name in chosen:
        if name != "audit" and name not in _DEFAULTS:
            settings.setdefault(name, "")
    if "attach_disconnected.path" in settings:
        settings.setdefault("attach_disconnected", "")
    return Flags(mode or "enforce", "audit" in chosen, tuple(sorted(settings.items())))


def _check_groups(chosen: dict[str, ast.Word], settings: Iterable[str]) -> None:
    for group in _PATH_FLAGS:
        both = [flag for flag in group if flag in chosen]
        given = (*chosen, *settings)
        implied = group[0] == "attach_disconnected" and any(path in given for path in _PATHS)
        if implied and group[0] not in both:
            both.append(group[0])
        if len(both) > 1:
            word = next(chosen[f] for f in reversed(both) if f in chosen)
            raise refusal("conflicting-flags", word.span, f"`{group[0]}` contradicts `{group[1]}`")


def _set(settings: dict[str, str], name: str, value: str, word: ast.Word) -> None:
    if settings.get(name, value) != value:
        kind = "bad-disconnected-path" if name in _PATHS else "bad-flag-value"
        raise refusal(kind, word.span, f"`{name}` is given two different values")
    settings[name] = value


def _value(name: str, value: str, word: ast.Word, context: Lowering) -> str:
    if name in _PATHS:
        path = context.text(ast.Word(value, word.span))
        if not path.startswith("/"):
            raise refusal(
                "bad-disconnected-path", word.span, f"`{name}` takes an absolute path, not `{path}`"
            )
        return path.rstrip("/")
    if name == "error":
        if value.upper() not in errno.errorcode.values():
            raise refusal(
                "bad-flag-value",
                word.span,
                f"`{value}` is not an error name",
                did_you_mean(value.upper(), errno.errorcode.values()),
            )
        return value.upper()
    try:
        return signal_name(ast.Word(value, word.span))
    except Refused as refused:
        raise refusal(
            "bad-flag-value", word.span, refused.diagnostic.message, refused.diagnostic.help
        ) from None
