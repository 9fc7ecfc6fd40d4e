"""`lsmc lint` after option parsing: runs the linter, writes its output, returns the exit status."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.files import read_stream, write_file
from lsmc.base.gc import gc_paused
from lsmc.cli.bundles import is_bundle
from lsmc.cli.changes import GitRevision, root_of
from lsmc.cli.faults import NO, WRONG, YES, UsageFault
from lsmc.cli.options import Reading
from lsmc.cli.outputs import check_output, write_output
from lsmc.cli.reading import check_paths, progress_bar
from lsmc.cli.screen import Screen
from lsmc.compiler.inputs import DiskFiles
from lsmc.compiler.outcome import Progress
from lsmc.lint.baseline import Baseline
from lsmc.lint.baseline import write as baseline_data
from lsmc.lint.config import LEVELS, Config
from lsmc.lint.fixes import Fixer
from lsmc.lint.given_files import GivenFiles
from lsmc.lint.model import Lint, SettingError
from lsmc.lint.rule_docs import pages
from lsmc.lint.run import Linter, Result
from lsmc.lint.setup import Setup, find_config, read_baseline, read_config, start_of
from lsmc.modules.registry import lint_of, module_of
from lsmc.output import findings, github, gitlab, junit, sarif
from lsmc.output.concise import render as concise
from lsmc.output.excerpt import diagnostic_lines
from lsmc.output.patch import unified
from lsmc.output.report import LintReport
from lsmc.output.styled import line, safe
from lsmc.version import __version__

#: The formats of one document for the whole run.
DOCUMENTS: dict[str, Callable[[LintReport], str]] = {
    "json": findings.render,
    "sarif": sarif.render,
    "github": github.render,
    "gitlab": gitlab.render,
    "junit": junit.render,
}
_UNREADABLE = "LSM087"


class LintOptions(NamedTuple):
    """Options of `lint`."""

    paths: tuple[str, ...]
    form: str
    reading: Reading
    reports: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    baseline: str | None = None
    write_baseline: bool = False
    min_confidence: str | None = None
    fail_level: str | None = None
    exit_zero: bool = False
    statistics: bool = False
    changed_since: str | None = None
    stdin_filename: str | None = None
    config: str | None = None
    no_config: bool = False
    fix: bool = False
    unsafe_fixes: bool = False
    diff: bool = False
    included: bool = False


def lint(wish: LintOptions, screen: Screen) -> int:
    """Run lint; returns the exit status."""
    # linted one by one, files leave garbage; together, all of it lives until the end
    with nullcontext() if wish.form == "jsonl" else gc_paused():
        try:
            return _Run(wish, screen).run()
        except SettingError as fault:
            raise UsageFault(str(fault)) from None


class _Run:
    """One run: its configuration, checks and front end."""

    def __init__(self, wish: LintOptions, screen: Screen) -> None:
        _check_use(wish)
        self.wish = wish
        self.screen = screen
        self.lint = _lint_of(wish.paths, wish.reading.module)
        self.config = self._config()
        select = _words(wish.select) or None
        extend, ignore = _words(wish.extend_select), _words(wish.ignore)
        setup = Setup(self.config, select, extend, ignore, wish.min_confidence)
        self.selected = setup.selected(self.lint)
        self.baseline_path = wish.baseline or self.config.baseline
        if wish.write_baseline and self.baseline_path is None:
            raise UsageFault("--write-baseline needs --baseline FILE")
        if wish.write_baseline and self.baseline_path is not None:
            check_output(self.baseline_path)
        self.options = setup.options(wish.reading.given())
        for path in wish.paths:
            if path != "-" and Path(path).exists() and is_bundle(path):
                raise UsageFault(f"`{path}` is a bundle: lint reads the source of policy")
        self.reports = _reports(wish.reports)
        self.paths, self.stdin = self._stdin()
        self.since = self._since()

    def _config(self) -> Config:
        if self.wish.no_config:
            return Config()
        if self.wish.config is not None:
            return read_config(self.wish.config, self.lint)
        start = start_of(tuple(path for path in self.wish.paths if path != "-"))
        return find_config(start, self.lint)

    def _stdin(self) -> tuple[list[str], tuple[str, bytes] | None]:
        """The paths to lint, with a name in place of `-`, and the content of standard input."""
        if "-" not in self.wish.paths:
            return list(self.wish.paths), None
        name = self.wish.stdin_filename or "<stdin>"
        paths = [name if path == "-" else path for path in self.wish.paths]
        return paths, (name, read_stream(sys.stdin.buffer, self.lint.max_source, name))

    def _since(self) -> GitRevision | None:
        if self.wish.changed_since is None:
            return None
        name, text = self.stdin or ("", b"")
        return GitRevision(
            "--changed-since", self.wish.changed_since, {_real(name): text} if self.stdin else {}
        )

    def linter(
        self, files: DiskFiles | None = None, progress: Progress | None = None
    ) -> Linter[Any]:
        """A linter with the checks that were selected; it knows what came from standard input."""
        jobs = self.wish.reading.jobs or os.cpu_count() or 1
        files = files or DiskFiles()
        files.limit = self.lint.max_source
        read = self.lint.reader(self.options, files, self.stdin)
        return Linter(
            read=read,
            selected=self.selected,
            module=self.lint,
            config=self.config,
            jobs=jobs,
            included=self.wish.included,
            progress=progress,
        )

    def baseline(self) -> Baseline | None:
        """The baseline anew; None when there is none or it is to be written."""
        if self.baseline_path is None or self.wish.write_baseline:
            return None
        return read_baseline(self.baseline_path)

    def run(self) -> int:
        if self.wish.form == "jsonl":
            return self._each()
        check_paths(self.wish.paths, list(self._expanded()), self.screen)
        if self.wish.fix or self.wish.diff:
            return self._fix()
        with progress_bar(self.screen) as progress:
            result = self.linter(progress=progress).lint(self.paths, self.baseline())
        if self.wish.write_baseline:
            return self._write(result)
        found = self._changed(result.findings)
        self._print(found, result)
        return self._code(found, result)

    def _fix(self) -> int:
        """Apply fixes, or show what they would change."""
        with progress_bar(self.screen) as progress:
            fixer = Fixer(
                lambda files: self.linter(files, progress).lint(self.paths, self.baseline()),
                self._editable,
                self.lint.changes,
            )
            fixed = fixer.fix(self.wish.unsafe_fixes)
        if self.wish.diff:
            for path, text in sorted(fixed.texts.items()):
                self.screen.patch(unified(path, fixed.before[path].text, text))
            self._faults(fixed.refused)
            return WRONG if fixed.refused else NO if fixed.texts else YES
        for path, text in sorted(fixed.texts.items()):
            write_file(path, text.encode("latin-1"))
        found = self._changed(fixed.result.findings)
        self._print(found, fixed.result)
        self._faults(fixed.refused)
        if fixed.count:
            files = _count(len(fixed.texts), "file")
            self.screen.remark(f"{_count(fixed.count, 'fix')} made in {files}")
        return max(self._code(found, fixed.result), WRONG if fixed.refused else YES)

    def _editable(self, finding: Diagnostic, path: str) -> bool:
        """Whether a fix may change a file: it was given, or lies in a directory that was given."""
        given = [path for path in self.wish.paths if path != "-"]
        return bool(self._changed([finding])) and GivenFiles(given).holds(path)

    def _each(self) -> int:
        """Lint each file alone, in the order given."""
        linter = self.linter()
        baseline = self.baseline()
        code = YES
        counts: Counter[tuple[str, str]] = Counter()
        paths = list(self._expanded())
        check_paths(self.wish.paths, paths, self.screen)
        for path in paths:
            try:
                result = linter.lint([path], baseline.fresh() if baseline else None)
            except (SettingError, MemoryError):
                raise
            except Exception as fault:  # noqa: BLE001 - the other files are still to be judged
                self.screen.text(findings.file_line(path, (), ok=False))
                self.screen.error(f"{path}: {type(fault).__name__}: {fault} [LSM999]")
                code = WRONG
                continue
            found = self._changed(result.findings)
            self.screen.text(findings.file_line(path, found))
            self._faults(result.faults)
            counts.update((one.code, one.name) for one in found)
            code = max(code, self._code(found, result))
        if self.wish.statistics:
            self._statistics(counts)
        return code

    def _expanded(self) -> Iterable[str]:
        for path in self.paths:
            if Path(path).is_dir():
                module = module_of(self.wish.paths, self.wish.reading.module)
                yield from module.files([path], DiskFiles())[0]
            else:
                yield path

    def _changed(self, found: list[Diagnostic]) -> list[Diagnostic]:
        """The findings in changed files, and all errors, because an error concerns every file."""
        if self.since is None:
            return found
        changed = self.since.changed(_real(one.file) for one in found if one.severity != "error")
        return [one for one in found if one.severity == "error" or _real(one.file) in changed]

    def _write(self, result: Result[Any]) -> int:
        assert self.baseline_path is not None
        data = baseline_data(result.findings, result.homes, self.baseline_path)
        write_output(self.baseline_path, data)
        errors = [one for one in result.findings if one.severity == "error"]
        self.screen.diagnostics(errors)
        self._faults(result.faults)
        count = data.count(b'{"code"')
        self.screen.remark(f"{safe(self.baseline_path)}: {count} entries")
        return WRONG if errors or result.faults or result.broken else YES

    def _print(self, found: list[Diagnostic], result: Result[Any]) -> None:
        report = LintReport(
            findings=tuple(found),
            faults=tuple(result.faults),
            files=result.files,
            pages=pages(self.lint) if "sarif" in (self.wish.form, *self.reports) else {},
            root=root_of(".") or ".",
            version=__version__,
            suppressed=result.suppressed,
            known=result.known,
            elsewhere=result.elsewhere,
            module=module_of(self.wish.paths, self.wish.reading.module).name,
        )
        for form, path in self.reports.items():
            write_output(path, DOCUMENTS[form](report).encode("utf-8", "backslashreplace"))
        if self.wish.form in DOCUMENTS:
            self.screen.text(DOCUMENTS[self.wish.form](report))
        elif self.wish.form == "concise":
            self.screen.show(line(row) for row in concise(found).splitlines())
        else:
            self.screen.show(text for one in found for text in (*diagnostic_lines(one), line("")))
        self._faults(result.faults)
        if self.wish.statistics:
            self._statistics(Counter((one.code, one.name) for one in found))
        if self.wish.form == "text":
            self._summary(report)

    def _faults(self, faults: list[Diagnostic]) -> None:
        for fault in faults:
            self.screen.error(f"{fault.message} [{fault.code}]")

    def _statistics(self, counts: Counter[tuple[str, str]]) -> None:
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        rows = [line(f"{count:>7}  {code} {name}") for (code, name), count in ordered]
        if self.wish.form in ("text", "concise"):
            self.screen.show(rows)
        else:
            for row in rows:
                self.screen.remark(*row)

    def _summary(self, report: LintReport) -> None:
        levels = [one.severity for one in report.findings]
        counts = [_count(levels.count(level), level) for level in LEVELS if level in levels]
        away = [f"{report.suppressed} suppressed"] if report.suppressed else []
        away += [f"{report.known} in the baseline"] if report.known else []
        text = ", ".join(counts) or "nothing found"
        tail = f" ({', '.join(away)})" if away else ""
        files = {
            *map(_real, report.files),
            *(_real(one.file) for one in report.findings if one.file),
        }
        self.screen.remark(f"{text} in {_count(len(files), 'file')}{tail}")
        safe_fixes = sum(
            one.fix is not None
            and one.fix.safe
            and all(self._editable(one, edit.span.source.path) for edit in one.fix.edits)
            for one in report.findings
        )
        if safe_fixes:
            self.screen.remark(f"{safe_fixes} fixable with --fix")
        if report.elsewhere:
            self.screen.remark(f"{report.elsewhere} more in included files (--included shows them)")

    def _code(self, found: list[Diagnostic], result: Result[Any]) -> int:
        if result.faults or result.broken or any(one.code == _UNREADABLE for one in found):
            return WRONG
        if self.wish.exit_zero:
            return YES
        if any(one.severity == "error" for one in found):
            return WRONG
        level = self.wish.fail_level or self.config.fail_level or "warning"
        bad = LEVELS[: LEVELS.index(level) + 1]
        return NO if any(one.severity in bad for one in found) else YES


def _check_use(wish: LintOptions) -> None:
    """Refuse combinations of options that contradict each other."""
    if wish.config is not None and wish.no_config:
        raise UsageFault("--config and --no-config exclude each other")
    if wish.stdin_filename is not None and "-" not in wish.paths:
        raise UsageFault("--stdin-filename needs the path -")
    if wish.unsafe_fixes and not (wish.fix or wish.diff):
        raise UsageFault("--unsafe-fixes needs --fix or --diff")
    if (wish.fix or wish.diff) and "-" in wish.paths:
        raise UsageFault("--fix and --diff need files, not standard input")
    if (wish.fix or wish.diff) and wish.form == "jsonl":
        raise UsageFault("--fix and --diff judge all files together, --format jsonl does not")
    if wish.write_baseline and wish.form == "jsonl":
        raise UsageFault("--write-baseline judges all files together, --format jsonl does not")
    if wish.reports and (wish.form == "jsonl" or wish.diff or wish.write_baseline):
        raise UsageFault("--report goes with the findings of all files together")
    if wish.write_baseline and (wish.fix or wish.diff or wish.changed_since):
        raise UsageFault("--write-baseline takes all findings, and changes no policy")


def _lint_of(paths: Sequence[str], module: str | None) -> Lint[Any]:
    try:
        return lint_of(paths, module)
    except ValueError as fault:
        raise UsageFault(str(fault)) from None


def _reports(words: Iterable[str]) -> dict[str, str]:
    """The report files to write beside the output, by format."""
    found: dict[str, str] = {}
    for word in words:
        form, _, path = word.partition("=")
        if form not in DOCUMENTS or not path:
            raise UsageFault(
                f"--report: `{word}` is not FORMAT=FILE with one of {', '.join(DOCUMENTS)}"
            )
        if form in found:
            raise UsageFault(f"--report: {form} is given twice")
        check_output(path)
        found[form] = path
    return found


def _words(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


def _real(path: str | None) -> str:
    return os.path.realpath(path) if path is not None else ""


def _count(number: int, noun: str) -> str:
    plural = "" if number == 1 or noun == "info" else "es" if noun == "fix" else "s"
    return f"{number} {noun}{plural}"
