"""JSON of diagnostics, verdicts and explanations: the shapes that programs rely on.

Fields are only ever added.  Everything is ASCII, so that no terminal or log can be confused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lsmc.base.diagnostics import Diagnostic, Fix
    from lsmc.base.source import Span
    from lsmc.engine.verdict import Exec, RuleRef, Verdict
    from lsmc.explain.diagnosis import Remedy
    from lsmc.explain.explanation import Explanation, Miss, Obstacle, Reason, Suggestion
    from lsmc.stack.context import Context

Object = dict[str, Any]


def dumps(value: Any, *, indent: int | None = None) -> str:
    """JSON text: one line, or indented for people."""
    return json.dumps(value, indent=indent, ensure_ascii=True)


def rule(ref: RuleRef) -> Object:
    """A rule: where it stands, its text, and the includes that lead to it."""
    return {**ref._asdict(), "via": list(ref.via)}


def transition(exec_: Exec | None) -> Object | None:
    """An exec transition, or null."""
    return exec_._asdict() if exec_ is not None else None


def verdict(found: Verdict) -> Object:
    """A verdict: its fields, those of the layers where there was a context."""
    plain: Object = {
        "allowed": found.allowed,
        "decision": found.decision,
        "granted": list(found.granted),
        "missing": list(found.missing),
        "audited": found.audited,
        "transition": transition(found.transition),
        "rules": [rule(ref) for ref in found.rules],
        "note": found.note,
    }
    if found.chain:
        from lsmc.output.layers import chain_json

        plain["chain"] = chain_json(found.chain)
        plain["errno"] = found.refusal.errno if found.refusal is not None else None
    return plain


def diagnostic(found: Diagnostic) -> Object:
    """A diagnostic, as the design lists its fields."""
    location = found.location
    return {
        "code": found.code,
        "name": found.name,
        "severity": found.severity,
        "confidence": found.confidence,
        "message": found.message,
        "file": location.file if location else None,
        "line": location.line if location else None,
        "column": location.column if location else None,
        "end_line": location.end_line if location else None,
        "end_column": location.end_column if location else None,
        "profile": found.profile,
        "witness": _plain(found.witness) if found.witness is not None else None,
        "related": [
            {
                "file": place.file,
                "line": place.line,
                "column": place.column,
                "message": label.message,
            }
            for label in found.related
            for place in (label.span.location(),)
        ],
        "fix": _fix(found.fix) if found.fix is not None else None,
        "help": found.help,
    }


def _fix(fix: Fix) -> Object:
    return {
        "title": fix.title,
        "safe": fix.safe,
        "edits": [{**_range(edit.span), "text": edit.text} for edit in fix.edits],
    }


def _range(span: Span) -> Object:
    return span.location()._asdict()


def _plain(values: Mapping[str, Any]) -> Object:
    return {
        name: value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
        for name, value in values.items()
    }


def explanation(found: Explanation) -> Object:
    """An explanation: the request, the verdict, and what led to it."""
    asked = found.request
    return {
        "request": {
            "subject": asked.subject,
            "op": asked.op,
            "object": asked.object,
            "class": asked.cls,
            "permissions": list(asked.permissions),
            "owner": asked.owner,
            "fields": dict(asked.fields),
            "hook": asked.hook,
            "profiles": [profile._asdict() for profile in asked.profiles],
            "context": _context(asked.context),
        },
        "verdict": verdict(found.verdict),
        "reasons": [reason(one) for one in found.reasons],
        "misses": [miss(one) for one in found.misses],
        "suggestions": [suggestion(one) for one in found.suggestions],
        "attaches": found.attaches,
        "obstacles": [obstacle(one) for one in found.obstacles],
    }


def _context(context: Context | None) -> Object | None:
    from lsmc.output.layers import context_json

    return context_json(context) if context is not None else None


def reason(one: Reason) -> Object:
    """Why a permission is granted or not."""
    return {
        "profile": one.profile,
        "class": one.cls,
        "permission": one.permission,
        "effect": one.effect,
        "rules": [rule(ref) for ref in one.rules],
        "overridden": [
            {"rule": rule(loser.rule), "effect": loser.effect, "by": loser.by}
            for loser in one.overridden
        ],
    }


def miss(one: Miss) -> Object:
    """A rule that nearly applied."""
    return {
        "kind": one.kind,
        "rule": rule(one.rule),
        "permissions": list(one.permissions),
        "wanted": list(one.wanted),
        "field": one.field,
        "value": one.value,
        "matched": one.matched,
        "expected": one.expected,
        "example": one.example,
        "set": one.as_set,
        "others": [other._asdict() for other in one.others],
    }


def obstacle(one: Obstacle) -> Object:
    """What stands in the way of an access."""
    return {
        "kind": one.kind,
        "permissions": list(one.permissions),
        "says": one.says,
        "details": list(one.details),
        "rules": [rule(ref) for ref in one.rules],
        "settings": [dict(setting) for setting in one.settings],
    }


def suggestion(one: Suggestion | Remedy) -> Object:
    """What would allow the request: where it would go, and what else it opens.

    The smallest rule, which comes without a log, opens nothing else that is known.
    """
    found = {"kind": "exact", "opens": (), "more": False, "rules": 0}
    known = one._asdict()
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name in (
            *("kind", "rule", "profile", "file", "line"),
            *("opens", "more", "rules", "hazards", "says"),
        )
        for value in (known.get(name, found.get(name)),)
    } | {
        "overrides": [rule(ref) for ref in one.overrides],
        "replaces": rule(one.replaces) if one.replaces is not None else None,
    }
