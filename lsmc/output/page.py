"""A report as one HTML page that needs nothing else: no script, no network, no font.

Every value that a template prints passes through `safe`, which writes control and bidirectional
characters as escapes, and is then escaped for HTML; a policy of the page itself forbids scripts and
whatever else could be loaded.  Jinja renders it, as the optional extra `html`; this module is the
only one that knows it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from lsmc.explain.diagnosis import Explained, Remedy, plain_remedy
from lsmc.explain.hazards import HAZARDS
from lsmc.explain.replay import CHANGES, Replayed
from lsmc.output.causes import (
    AGREEMENT,
    STATUS,
    TITLES,
    opens_words,
    seen,
    what,
    when,
)
from lsmc.output.explanation import (
    BY,
    EFFECTS,
    decided,
    miss_words,
    question_lines,
    summary,
)
from lsmc.output.layers import layer_lines
from lsmc.output.listing import Read, listing
from lsmc.output.replay import TITLES as CHANGE_TITLES
from lsmc.output.short import fix_of
from lsmc.output.styled import safe
from lsmc.output.verdict import head_line, transition_words, via_words, why
from lsmc.version import __version__

if TYPE_CHECKING:
    from lsmc.explain.explanation import Explanation

#: Causes that a page shows; a page of more is no longer read.
MOST = 1_000

_SECTIONS: Sequence[tuple[str, str, tuple[str, ...]]] = (
    ("denied", "Denied by this policy", ("denied",)),
    ("complain", "Would be denied, but for complain mode", ("complain",)),
    ("unknown", "Profiles that this policy does not have", ("no-profile",)),
    ("unanswered", "Records that no rule answers", ("no-question",)),
    ("allowed", "Allowed by this policy", ("allowed",)),
    ("unconfined", "Tasks and profiles that are not confined", ("unconfined",)),
)


class PageEntry(NamedTuple):
    """A question and its answer: a cause of the log, or what was asked.

    `notes` are pairs of a text and its role, `record` pairs of a field and its value; `fix` is what
    helps, in one line, and `hazards` what is at stake with it.
    """

    anchor: str
    times: int
    status: str
    word: str
    role: str
    subject: str
    what: str
    object: str
    seen: str
    notes: tuple[tuple[str, str], ...]
    answers: tuple[Explanation, ...]
    remedies: tuple[Remedy, ...]
    record: tuple[tuple[str, str], ...] = ()
    fix: str = ""
    hazards: tuple[str, ...] = ()


class PageSection(NamedTuple):
    """Entries under a heading."""

    anchor: str
    title: str
    entries: tuple[PageEntry, ...]


class PageHead(NamedTuple):
    """What a report is about: a title, and pairs of a name and texts."""

    title: str
    facts: tuple[tuple[str, tuple[str, ...]], ...]


def log_page(
    found: Sequence[Explained],
    read: Read,
    *,
    title: str,
    policy: str,
    logs: Sequence[str],
    counts: Sequence[str],
    faults: Sequence[tuple[str, str]],
    patch: str,
) -> str:
    """The report on a log: its causes by status, and a patch that allows what is denied.

    `title` is the module's, `counts` say what became of the lines and records, `faults` are places
    of broken lines with reasons.
    """
    entries = [_cause(number, one) for number, one in enumerate(found[:MOST], 1)]
    sections = [
        PageSection(anchor, title, tuple(one for one in entries if one.status in statuses))
        for anchor, title, statuses in _SECTIONS
    ]
    records = [one.diagnosis.cause for one in found]
    times = [time for cause in records for time in (cause.first, cause.last) if time is not None]
    period = tuple(dict.fromkeys(when(edge(times)) or "" for edge in (min, max))) if times else ()
    facts = (
        ("Policy", (policy,)),
        ("Log", tuple(logs)),
        ("Period", (" to ".join(filter(None, period)),)),
        ("Read", tuple(counts)),
    )
    return _render(
        PageHead(f"What {title} refused, and why", facts),
        [section for section in sections if section.entries],
        read,
        faults=faults,
        patch=patch,
        left_out=max(0, len(found) - MOST),
    )


def question_page(found: Explanation, read: Read, *, policy: str) -> str:
    """The report on one question."""
    asked, verdict = found.request, found.verdict
    word, role = head_line(verdict, (asked.subject, asked.op, asked.object, asked.fields))[0]
    pairs = (f"{key}={value}" for key, value in asked.fields.items())
    entry = PageEntry(
        anchor="answer",
        times=0,
        status="allowed" if verdict.allowed else "denied",
        word=word,
        role=role,
        subject=asked.subject,
        what=asked.op,
        object=" ".join(part for part in (asked.object, *pairs) if part),
        seen="",
        notes=tuple((text, "") for text in summary(found)),
        answers=(found,),
        remedies=tuple(map(plain_remedy, found.suggestions)),
    )
    head = PageHead(
        "Why this is allowed" if verdict.allowed else "Why this is denied", (("Policy", (policy,)),)
    )
    return _render(head, [PageSection("question", "The question", (entry,))], read)


def replay_page(
    found: Sequence[Replayed],
    read: Read,
    *,
    policies: str,
    logs: Sequence[str],
    counts: Sequence[str],
) -> str:
    """The report on what a changed policy would do: the causes by their change."""
    entries = [(one, _replayed(number, one)) for number, one in enumerate(found[:MOST], 1)]
    sections = [
        PageSection(
            change,
            CHANGE_TITLES[change][0].capitalize(),
            tuple(entry for one, entry in entries if one.change == change),
        )
        for change in CHANGES
    ]
    facts = (("Policies", (policies,)), ("Log", tuple(logs)), ("Read", tuple(counts)))
    return _render(
        PageHead("What the new policy would do", facts),
        [section for section in sections if section.entries],
        read,
        left_out=max(0, len(found) - MOST),
    )


def _replayed(number: int, one: Replayed) -> PageEntry:
    cause, record = one.cause, one.cause.record
    word, role = CHANGE_TITLES[one.change]
    sides = (("old policy", one.old), ("new policy", one.new))
    notes = [(f"{name}: {STATUS[side.status][0]}", "") for name, side in sides]
    notes += [(note, "") for note in (one.old.note, one.new.note) if note]
    notes += [(HAZARDS[hazard], "warn") for hazard in one.hazards]
    if one.moved is not None:
        notes.append((f"runs as {one.moved[1]}, was {one.moved[0]}", "warn"))
    if one.sampled:
        notes.append(("these records have several objects: the first was judged", "warn"))
    hosts = ", ".join(sorted(cause.hosts.counts))
    return PageEntry(
        anchor=f"cause-{number}",
        times=cause.count,
        status=one.change,
        word=word,
        role=role,
        subject=one.old.subject or record.subject or "(no profile)",
        what=what(cause),
        object=cause.object,
        seen="; ".join(filter(None, (seen(cause), f"on {hosts}" if hosts else ""))),
        notes=tuple(dict.fromkeys(notes)),
        answers=(*one.old.answers, *one.new.answers),
        remedies=(),
    )


def _cause(number: int, found: Explained) -> PageEntry:
    diagnosis = found.diagnosis
    cause, record = diagnosis.cause, diagnosis.cause.record
    word, role = STATUS[diagnosis.status]
    notes = [(diagnosis.note, "")] if diagnosis.note else []
    if (verdict := diagnosis.verdict) is not None and (reason := why(verdict)):
        notes.append((reason, ""))
    if diagnosis.agreement == "agrees":
        notes.append(("the log agrees with this policy", ""))
    elif diagnosis.agreement:
        notes.append((AGREEMENT[diagnosis.agreement], "warn"))
    fix = fix_of(found, wide=cause.varied)
    fields = {
        name: value for name, value in record.to_json().items() if not isinstance(value, dict)
    }
    return PageEntry(
        anchor=f"cause-{number}",
        times=cause.count,
        status=diagnosis.status,
        word=word,
        role=role,
        subject=diagnosis.subject or record.subject or "(no profile)",
        what=what(cause),
        object=cause.object,
        seen=seen(cause),
        notes=tuple(dict.fromkeys(notes)),
        answers=diagnosis.answers,
        remedies=found.remedies,
        record=tuple((name, str(value)) for name, value in fields.items()),
        fix=fix.text if found.remedies else "",
        hazards=tuple(HAZARDS[word] for word in fix.hazards),
    )


def _render(
    head: PageHead,
    sections: Sequence[PageSection],
    read: Read,
    *,
    faults: Iterable[tuple[str, str]] = (),
    patch: str = "",
    left_out: int = 0,
) -> str:
    return rendered(
        "report.html",
        head=head,
        sections=sections,
        faults=tuple(faults),
        patch=patch,
        left_out=left_out,
        listing=lambda ref: listing(ref, read),
        decided=decided,
        miss_words=miss_words,
        question_lines=lambda asked: tuple(question_lines(asked))[1:],
        layer_lines=layer_lines,
        via_words=via_words,
        transition_words=transition_words,
        opens_words=opens_words,
        titles=TITLES,
        hazards=HAZARDS,
        by=BY,
        effects=EFFECTS,
    )


def rendered(template: str, **values: object) -> str:
    """A page of a template, with the style that all pages share."""
    folder = files("lsmc.output") / "templates"
    texts = {name: (folder / name).read_text("utf-8") for name in (template, "report.css")}
    style = texts["report.css"]
    environment = Environment(
        loader=DictLoader(texts),
        autoescape=True,
        finalize=_visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["ticks"] = _ticks
    return environment.get_template(template).render(
        style=Markup(style),  # noqa: S704 - a file of ours
        digest=b64encode(sha256(style.encode()).digest()).decode(),
        version=__version__,
        **values,
    )


def _visible(value: object) -> object:
    """A value as it is printed: text with its invisible characters as escapes."""
    return safe(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _ticks(text: str) -> Markup:
    """A sentence with what stands between backticks as code."""
    parts = safe(text).split("`")
    if len(parts) % 2 == 0:
        return escape("`".join(parts))
    shown = (escape(part) if at % 2 == 0 else _code(part) for at, part in enumerate(parts))
    return Markup("").join(shown)


def _code(text: str) -> Markup:
    return Markup("<code>{}</code>").format(text)
