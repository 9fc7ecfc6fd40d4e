"""Comments that silence findings: `# lsmc: ignore[LSM101] why` and `# lsmc: ignore-file[LSM101]`.

The first stands behind a rule, on the line where the rule begins or ends, or, in languages whose
comments are lines of their own, on the line before; the second before anything else in a file.
Both must name codes, and a comment that silences nothing is a finding itself: so no comment
outlives its cause.  Errors are never silenced, because the kernel would not get the policy.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from lsmc.base.diagnostics import Diagnostic, Edit, Fix
from lsmc.base.source import Span, to_display
from lsmc.lint.builtin.unknown_code_in_suppression import CHECK as UNKNOWN
from lsmc.lint.builtin.unused_suppression import CHECK as UNUSED
from lsmc.lint.model import CommentedText, SettingError
from lsmc.lint.selection import code_of

MARK = re.compile(r"[#;]+\s*lsmc\s*:\s*(?P<word>[\w-]*)\s*(?P<list>\[(?P<codes>[^\]]*)\])?")
_WORDS = ("ignore", "ignore-file")


@dataclass(slots=True)
class Suppression:
    """One comment: the codes that it names, and those of them that it silenced."""

    span: Span
    codes: tuple[str, ...]
    whole_file: bool
    line: int
    misplaced: bool = False
    used: set[str] = field(default_factory=set)


class Suppressions:
    """The suppressions of some files."""

    def __init__(self, known: Mapping[str, str], errors: Container[str]) -> None:
        """`known` are all codes with their names, `errors` those that nothing silences."""
        self._known = known
        self._errors = errors
        self._by_file: dict[str, list[Suppression]] = {}
        self.faults: list[Diagnostic] = []

    def __bool__(self) -> bool:
        return bool(self._by_file)

    def read(self, text: CommentedText) -> None:
        """Read the suppressions of a file."""
        for span in text.comments:
            if "lsmc" not in span.text:
                continue
            match = MARK.match(span.text)
            if match is not None:
                self._take(text, span, match)

    def _take(self, text: CommentedText, span: Span, match: re.Match[str]) -> None:
        word = match["word"]
        if word not in _WORDS:
            shown = to_display(match[0])
            advice = "write `# lsmc: ignore[CODE] reason`"
            self._broken(span, f"`{shown}` is not a suppression", advice)
            return
        if match["codes"] is None or not match["codes"].strip(" ,"):
            advice = f"write `# lsmc: {word}[CODE] reason`"
            self._broken(span, f"`# lsmc: {word}` names no code", advice)
            return
        codes = []
        for name in match["codes"].split(","):
            code = self._code(span, to_display(name.strip()))
            if code:
                codes.append(code)
        whole = word == "ignore-file"
        misplaced = _after_start(text, span) if whole else text.behind and _alone(span)
        line, _ = span.source.position(span.start)
        found = Suppression(
            span=span,
            codes=tuple(dict.fromkeys(codes)),
            whole_file=whole,
            line=line if text.behind else line + 1,
            misplaced=misplaced,
        )
        self._by_file.setdefault(text.path, []).append(found)

    def _code(self, span: Span, name: str) -> str | None:
        if not name:
            return None
        try:
            code = code_of(name, self._known)
        except SettingError as fault:
            self._broken(span, str(fault), "`lsmc rule --all` lists the codes")
            return None
        if code not in self._known:
            self._broken(span, f"`{name}` is the beginning of codes, not a code", "name the code")
            return None
        return code

    def _broken(self, span: Span, message: str, help: str) -> None:
        self.faults.append(UNKNOWN.finding(span, message, help=help))

    def silences(self, finding: Diagnostic) -> bool:
        """Whether a comment silences a finding; the comment then counts as used."""
        if finding.span is None or finding.severity == "error":
            return False
        location = finding.span.location()
        lines = (location.line, location.end_line)
        for one in self._by_file.get(location.file, ()):
            if finding.code not in one.codes or one.misplaced:
                continue
            if one.whole_file or one.line in lines:
                one.used.add(finding.code)
                return True
        return False

    def unused(self, ran: Iterable[str], files: Container[str]) -> list[Diagnostic]:
        """Findings for comments in some files that silence nothing, or less than they name."""
        judged = set(ran)
        found = []
        for path in sorted(path for path in self._by_file if path in files):
            for one in self._by_file[path]:
                spare = [code for code in one.codes if code in judged and code not in one.used]
                errors = [code for code in one.codes if code in self._errors]
                if one.misplaced:
                    found.append(_misplaced(one))
                elif errors:
                    message = f"{errors[0]} is an error: nothing silences it"
                    found.append(UNUSED.finding(one.span, message))
                elif spare:
                    found.append(_unused(one, spare, self._known))
        return found


def _misplaced(one: Suppression) -> Diagnostic:
    if one.whole_file:
        message = "`ignore-file` has no effect here"
        advice = "put it before the first line that is not a comment"
        return UNUSED.finding(one.span, message, help=advice)
    message = "`ignore` has no effect on a line of its own"
    return UNUSED.finding(one.span, message, help="put it behind the rule, on the same line")


def _unused(one: Suppression, spare: list[str], known: Mapping[str, str]) -> Diagnostic:
    names = ", ".join(f"{code} {known[code]}" for code in spare)
    line, _ = one.span.source.position(one.span.start)
    place = "on this line" if one.line == line else "on the next line"
    where = "in this file" if one.whole_file else place
    fix = None
    if len(spare) == len(one.codes):
        fix = Fix("remove the comment", (Edit(_with_blanks(one.span), ""),))
    return UNUSED.finding(one.span, f"nothing to suppress {where}: {names}", fix=fix)


def _with_blanks(span: Span) -> Span:
    """The comment with the blanks before it, or with its whole line."""
    text, start, end = span.source.text, span.start, span.end
    while start and text[start - 1] in " \t":
        start -= 1
    if (not start or text[start - 1] == "\n") and text[end : end + 1] == "\n":
        end += 1
    return Span(span.source, start, end)


def _alone(span: Span) -> bool:
    """Whether only blanks stand before a comment on its line."""
    text = span.source.text
    return not text[text.rfind("\n", 0, span.start) + 1 : span.start].strip()


def _after_start(text: CommentedText, span: Span) -> bool:
    return text.start is not None and text.start < span.start
