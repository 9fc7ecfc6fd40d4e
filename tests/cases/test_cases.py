"""The cases of the documents beside this file; `tests.cases.document` says how they are written."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pytest

import lsmc
from lsmc.base.diagnostics import Diagnostic
from lsmc.engine.permissions import Permissions
from lsmc.engine.verdict import Exec, RuleRef, Verdict
from lsmc.lint.fixes import edited, without_overlaps
from lsmc.modules.apparmor.classes import BY_NAME
from tests.cases.document import Block, Case, cases, marked, rewrite, unmarked
from tests.lint.support import lint_files
from tests.places import PROFILES

HERE = Path(__file__).parent
CASES = {
    f"{path.relative_to(HERE).with_suffix('')}: {case.title}": case
    for path in sorted(HERE.rglob("*.md"))
    for case in cases(path)
}
#: Whether the policy grants the access that is the witness of a code's findings.
REFUSED = {"LSM204", "LSM220", "LSM223", "LSM309", "LSM312"}
GRANTED = dict.fromkeys((f"LSM{number}" for number in range(301, 317)), True)
GRANTED |= dict.fromkeys(REFUSED, False)
_FIELD = re.compile(r"([a-z_]+)=(.*)", re.DOTALL)
_PASSES = 3


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_case(case: Case, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    trial = Trial(case, tmp_path)
    outcomes = {number: trial.outcome(block) for number, block in enumerate(case.blocks)}
    found = {number: text for number, text in outcomes.items() if text is not None}
    assert found, "the case claims nothing"
    if request.config.getoption("rewrite_cases"):
        rewrite(case, found)
        return
    for number, text in found.items():
        assert case.blocks[number].text == text


class Asked(NamedTuple):
    """A question: the rules around which the frame goes, and the words behind them."""

    rules: str
    subject: str
    what: str
    object: str
    owner: bool
    fields: dict[str, str]

    @classmethod
    def of(cls, line: str) -> Asked:
        """The question of a line."""
        rules, _, asked = line.rpartition(" ? ")
        subject, what, *words = shlex.split(asked)
        named = {m[1]: m[2] for word in words if (m := _FIELD.fullmatch(word))}
        rest = [word for word in words if not _FIELD.fullmatch(word)]
        owner = "other" not in rest
        objects = [word for word in rest if word != "other"]
        assert len(objects) <= 1, line
        return cls(rules.strip(), subject, what, "".join(objects), owner, named)


class Trial:
    """What comes of one case in a folder."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.case = case
        self.folder = folder
        self.numbers = itertools.count()
        self.place = folder
        self.answers: dict[int, str] = {}

    def outcome(self, block: Block) -> str | None:
        """The text that a block has if all that it claims is true; None if it claims nothing."""
        match block.kind:
            case "apparmor" if self.case.codes:
                codes = self._codes(self.findings)
                name = block.name or "example"
                return marked(block.text, {line: c for (f, line), c in codes.items() if f == name})
            case "bodies" | "examples" | "lines" | "policies":
                gap = "\n" if block.kind == "lines" else "\n\n"
                texts = block.text.removesuffix("\n").split(gap)
                return gap.join(self._alone(block.kind, text) for text in texts) + "\n"
            case "findings":
                told = (line for pair in enumerate(self.findings) for line in self._told(*pair))
                return "".join(f"{line}\n" for line in told)
            case "fixed":
                return self._fixed()
            case "ask" | "permissions":
                return "".join(
                    f"{self._answered(block.kind, line)}\n" for line in block.text.splitlines()
                )
        return None

    @cached_property
    def findings(self) -> list[Diagnostic]:
        """What lint finds in the files of the case."""
        return self._lint(self.case.files())

    @cached_property
    def policy(self) -> lsmc.Policy:
        """The policy of the file `example`, or of a block of another module."""
        for block in self.case.blocks:
            if block.kind == "smack":
                return lsmc.compile_text(block.text, module="smack")
            if block.kind == "cil":
                rest = (one.text for one in self.case.shared if one.kind == "cil")
                settings = {"no-neverallow": "yes"}
                text = "".join((block.text, *rest))
                return lsmc.compile_text(text, module="selinux", settings=settings)
            if block.kind == "yaml":
                text = block.text + "kind: KubeArmorPolicy\nmetadata: {name: a}\n"
                return lsmc.compile_text(text, base=PROFILES, module="kubearmor")
        parts = [one for one in (*self.case.shared, *self.case.blocks) if one.kind == "tomoyo"]
        if parts:
            for block in parts:
                (self.folder / block.name).write_text(block.text, encoding="utf-8")
            paths = [self.folder / block.name for block in parts]
            return lsmc.compile(paths, base=self.folder, module="tomoyo", cache=None)
        return self._compiled(self.case.files()["example"])

    def _compiled(self, text: str) -> lsmc.Policy:
        for name, content in self.case.files().items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return lsmc.compile_text(text, base=self.folder, include=[PROFILES])

    def _lint(self, files: dict[str, str]) -> list[Diagnostic]:
        self.place = self.folder / str(next(self.numbers))
        result = lint_files(self.place, files, *self.case.codes)
        assert [fault.message for fault in result.faults] == []
        if not any(one.code.startswith("LSM0") for one in result.findings):
            self.answers = self._answers(result.findings, files)
            for number, decision in self.answers.items():
                code = result.findings[number].code
                granted = decision in {"allow", "unconfined"}
                assert granted is GRANTED.get(code, granted), (code, result.findings[number])
        return list(result.findings)

    def _answers(self, findings: Iterable[Diagnostic], files: dict[str, str]) -> dict[int, str]:
        """The decision for the witness of each finding, by its number."""
        witnesses = {n: one.witness for n, one in enumerate(findings) if one.witness is not None}
        if not witnesses:
            return {}
        given = [self.place / name for name in files if "/" not in name and name != "lsmc.toml"]
        policy = lsmc.compile(given, base=self.place, include=[PROFILES], cache=None)
        return {n: policy.answer(witness).decision for n, witness in witnesses.items()}

    def _codes(
        self, findings: Iterable[Diagnostic], *, examples: bool = False
    ) -> dict[tuple[str, int], list[str]]:
        """The codes that are found in each line of a file, with the objects of witnesses or not."""
        codes: dict[tuple[str, int], list[str]] = {}
        for one in findings:
            assert one.file is not None
            assert one.line is not None
            text = f"{one.code} {_object(one)}" if examples else one.code
            codes.setdefault((self._name(one.file), one.line), []).append(text)
        return codes

    def _alone(self, kind: str, text: str) -> str:
        """A body or a whole file with its marks."""
        framed = kind != "policies"
        whole = self.case.frame(unmarked(text)) if framed else f"{unmarked(text)}\n"
        findings = self._lint(self.case.files() | {"example": whole})
        codes = self._codes(findings, examples=kind == "examples")
        assert {name for name, _ in codes} <= {"example"}
        first = self.case.frame_line() - 1 if framed else 0
        return marked(text, {line - first: found for (_, line), found in codes.items()})

    def _name(self, path: str | None) -> str:
        """A file as the case names it."""
        return Path(path or "").relative_to(self.place).as_posix()

    def _told(self, number: int, one: Diagnostic) -> Iterator[str]:
        """A finding in lines."""
        yield f"{self._name(one.file)}:{one.line}:{one.column}: {one.code} {one.message}"
        if one.help:
            yield f"  help: {one.help}"
        for label in one.related:
            place = label.span.location()
            yield f"  {self._name(place.file)}:{place.line}: {label.message}"
        if one.witness is not None:
            request = " ".join(f"{key}={value}" for key, value in one.witness.items())
            yield f"  witness, {self.answers[number]}: {request}"
        if one.fix is not None:
            yield f"  {'fix' if one.fix.safe else 'unsafe fix'}: {one.fix.title}"

    def _fixed(self) -> str:
        files = self.case.files()
        for _ in range(_PASSES):
            fixes = [one for one in self._lint(files) if one.fix is not None]
            if not fixes:
                return files["example"]
            files["example"] = edited(without_overlaps(fixes))[str(self.place / "example")]
        raise AssertionError("the fixes find no end")

    def _answered(self, kind: str, line: str) -> str:
        """A line with its answer."""
        head = line.partition("=>")[0]
        asked = Asked.of(head)
        policy = self._compiled(self.case.frame(asked.rules)) if asked.rules else self.policy
        if kind == "permissions":
            found = policy.permissions(
                asked.subject, asked.what, asked.object, owner=asked.owner, **asked.fields
            )
            return f"{head.rstrip()} => {_granted(found, BY_NAME[asked.what].permissions)}"
        request = {"subject": asked.subject, "op": asked.what, "object": asked.object}
        verdict = policy.answer({**request, "owner": asked.owner, **asked.fields})
        told = _told(verdict, bool(asked.rules))
        return f"{head}=> {told.replace(f'{self.folder}/', '')}"


def _object(one: Diagnostic) -> str:
    """The object of a finding's witness, with the further fields of the request."""
    assert one.witness is not None
    request = dict(one.witness)
    words = [request.pop("object", "")]
    named = ("subject", "class", "op", "perms", "owner")
    words += [f"{key}={value}" for key, value in request.items() if key not in named and value]
    return " ".join(word for word in words if word)


def _told(verdict: Verdict, by_text: bool) -> str:
    """A verdict, with the rules behind it by their lines or by their texts."""
    words = {"allow": "allowed", "deny-explicit": "denied", "deny-implicit": "denied"}
    text = words.get(verdict.decision, verdict.decision)
    if verdict.missing and verdict.granted:
        text += f" {' '.join(verdict.missing)}"
    if verdict.rules:
        text += f" by {', '.join(_rule(rule, by_text) for rule in verdict.rules)}"
    if verdict.audited is verdict.allowed:
        text += ", logged" if verdict.allowed else ", silent"
    return text + _exec(verdict.transition)


def _rule(rule: RuleRef, by_text: bool) -> str:
    if by_text:
        return f"`{rule.text.removesuffix(',')}`"
    return str(rule.line) if rule.file == "<text>" else f"{rule.file}:{rule.line}"


def _granted(found: Permissions, names: tuple[str, ...]) -> str:
    """All that the rules say of an object."""

    def words(held: frozenset[str]) -> str:
        some = [name for name in names if name in held]
        return ("" if all(len(name) == 1 for name in names) else " ").join(some)

    kinds = ("deny", "audit", "quiet", "prompt")
    texts = [words(found.allow) or "nothing"]
    texts += [f"{kind} {words(held)}" for kind in kinds if (held := getattr(found, kind))]
    return ", ".join(texts) + _exec(found.exec)


def _exec(found: Exec | None) -> str:
    """Where an execution leads."""
    if found is None:
        return ""
    text = f", {found.mode} to {found.target or 'nothing'}"
    if found.fallback is not None:
        text += f" ({found.fallback})"
    return text + (", unsafe" if found.unsafe else "")
