"""Files in good layout: each line as the kernel prints it, at its place among the comments.

Lines stay apart where the kernel would put them together, since comments may be about one of them.
The proof that nothing changes is that both texts give the same policy.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import PolicyError
from lsmc.base.source import Source
from lsmc.compiler.inputs import DiskFiles, Options, restricted
from lsmc.modules.formatter import Formatted
from lsmc.modules.tomoyo.files import FileKind, kind_of
from lsmc.modules.tomoyo.names import normalized
from lsmc.modules.tomoyo.printing import printed
from lsmc.modules.tomoyo.syntax.domains import is_domain_head, read_domain_line
from lsmc.modules.tomoyo.syntax.exceptions import read_exceptions
from lsmc.modules.tomoyo.syntax.profiles import Profile, Version, read_profiles
from lsmc.modules.tomoyo.syntax.reader import Written, written_lines


class TomoyoFormatter:
    """Formats files of policy, one by one."""

    whole: frozenset[str] = frozenset()
    other: frozenset[str] = frozenset()

    def __init__(self, options: Options) -> None:
        self.files = restricted(DiskFiles(), options.restrict)

    def read(self, path: str) -> bytes:
        """The content of a file; OSError."""
        return self.files.read(path)

    def format(self, path: str, data: bytes) -> Formatted:
        """The new text of a file; a file that is none of policy stays as it is."""
        source = Source.from_bytes(path, data)
        kind = kind_of(source)
        if kind == "stat":
            return Formatted(data)
        try:
            before = printed(path, data)
            new = _text(source, kind).encode("latin-1")
            if printed(path, new) != before:
                return Formatted(None, refused="what the kernel loads would change")
        except PolicyError as error:
            return Formatted(None, error.diagnostics)
        return Formatted(new)


def _text(source: Source, kind: FileKind | None) -> str:
    """The lines of a file, comments and single blank lines among them."""
    forms = {written.words[0].start: form for written, form in _forms(source, kind)}
    heads = {
        written.words[0].start for written in written_lines(source, []) if is_domain_head(written)
    }
    lines: list[str] = []
    start = 0
    for raw in source.text.split("\n"):
        at = _first_byte(source, start, start + len(raw))
        text = forms.get(at, raw.strip())
        head = kind == "domain" and at in heads
        if head and lines and lines[-1] and not lines[-1].startswith("#"):
            lines.append("")
        if text or (lines and lines[-1]):
            lines.append(text)
        start += len(raw) + 1
    while lines and not lines[-1]:
        lines.pop()
    return "".join(f"{line}\n" for line in lines)


def _first_byte(source: Source, start: int, end: int) -> int:
    """The offset of the first byte of a line that the kernel does not pass over."""
    for at in range(start, end):
        if "\x21" <= source.text[at] <= "\x7e":
            return at
    return end


def _forms(source: Source, kind: FileKind | None) -> Iterator[tuple[Written, str]]:
    """Each line with the form in which the kernel prints it."""
    match kind:
        case "domain":
            for written in written_lines(source, []):
                if is_domain_head(written):
                    yield written, written.text
                else:
                    yield written, str(read_domain_line(written))
        case "exception":
            for one in read_exceptions(source, []):
                yield one.written, _in_space(one.written, one.namespace, str(one.line))
        case "profile":
            yield from _profile_forms(source)
        case _:
            for written in written_lines(source, []):
                yield written, normalized(written.text)


def _in_space(written: Written, space: str, form: str) -> str:
    """A line with its name space, where that is written."""
    return f"{space} {form}" if written.words[0].text.startswith("<") else form


def _profile_forms(source: Source) -> Iterator[tuple[Written, str]]:
    profiles: dict[tuple[str, int], Profile] = {}
    for one in read_profiles(source, []):
        if isinstance(one, Version):
            form = f"PROFILE_VERSION={one.version}"
        else:
            key = one.namespace, one.number
            profiles[key] = profile = profiles.get(key, Profile()).with_line(one.key, one.value)
            form = f"{one.number}-{one.key}={_value(profile, one.key, one.value)}"
        yield one.written, _in_space(one.written, one.namespace, form)


def _value(profile: Profile, key: str, value: str) -> str:
    """The value of a line of a profile behind that line."""
    if key == "COMMENT":
        return value
    if key == "PREFERENCE":
        numbers = " ".join(f"{name}={number}" for name, number in profile.preferences.items())
        return f"{{ {numbers} }}"
    mode = profile.modes.get(key)
    return value if mode is None else str(mode)
