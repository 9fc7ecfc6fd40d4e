"""`lsmc query` after option parsing: answers one request, or a file of them, from a policy."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from lsmc.cli.faults import NO, WRONG, YES, UsageFault
from lsmc.cli.screen import Screen
from lsmc.engine.verdict import FieldTypeError, RequestError, UnknownName, Verdict
from lsmc.policy import Policy

if TYPE_CHECKING:
    from lsmc.stack.context import Context

#: Bytes of a request.
_MAX_LINE = 1 << 20
_RESERVED = ("subject", "op", "object", "owner", "context", "self", "mediated", "enforce")


def question(
    words: Sequence[str],
    booleans: Mapping[str, bool] | None = None,
    settings: Iterable[tuple[str, str]] = (),
) -> tuple[str, str, str, dict[str, Any]]:
    """Split `SUBJECT OP [OBJECT] [KEY=VALUE...]` into subject, operation, object and fields.

    Booleans of the policy that are set, and its settings that questions have too, become fields.
    """
    if len(words) < 2:
        missing = ("SUBJECT", "OP")[len(words)]
        raise UsageFault(f"missing {missing}: SUBJECT OP [OBJECT] [KEY=VALUE...]")
    subject, op, *rest = words
    obj = rest.pop(0) if rest and not _is_field(rest[0]) else ""
    fields: dict[str, Any] = {}  # texts; Any, as they become keyword arguments
    for word in rest:
        if not _is_field(word):
            raise UsageFault(f"`{word}` is not of the form KEY=VALUE")
        key, _, value = word.partition("=")
        if key == "owner":
            raise UsageFault("`owner` is not a field: use --not-owner")
        if key in _RESERVED:
            raise UsageFault(f"`{key}` is not a field")
        fields[key] = value
    if booleans:
        fields["booleans"] = dict(booleans)
    fields.update((name, value) for name, value in settings if name == "posture")
    return subject, op, obj, fields


def _is_field(word: str) -> bool:
    return "=" in word and re.match(r"[a-z][a-z_]*=", word) is not None


def ask_one(
    policy: Policy,
    asked: tuple[str, str, str, Mapping[str, Any]],
    owner: bool,
    form: str,
    screen: Screen,
    context: Context | None = None,
) -> int:
    """Answer one request; the exit code says whether it is allowed."""
    subject, op, obj, fields = asked
    verdict = policy.query(subject, op, obj, owner=owner, context=context, **fields)
    if form == "json":
        from lsmc.output.json import dumps
        from lsmc.output.json import verdict as to_json

        screen.text(dumps(to_json(verdict)) + "\n")
    else:
        from lsmc.output.verdict import verdict_lines

        screen.show(verdict_lines(verdict, (subject, op, obj, fields)))
    return YES if verdict.allowed else NO


def ask_many(policy: Policy, path: str, screen: Screen) -> int:
    """Answer the requests of a file, a JSON line each; stops at the first that is malformed.

    The exit code is that of the worst answer.
    """
    from lsmc.output.json import dumps
    from lsmc.output.json import verdict as to_json

    name = "<stdin>" if path == "-" else path
    worst = YES
    file: IO[bytes] = sys.stdin.buffer if path == "-" else open(path, "rb")  # noqa: SIM115 - closed below
    try:
        for number, line in enumerate(iter(lambda: file.readline(_MAX_LINE + 1), b""), 1):
            if not line.strip():
                continue
            try:
                if len(line) > _MAX_LINE:
                    raise _Malformed(f"longer than {_MAX_LINE} bytes")
                verdict = _answer(policy, line)
            except _Malformed as fault:
                sys.stdout.flush()
                screen.located(name, number, str(fault))
                return WRONG
            screen.text(dumps(to_json(verdict)) + "\n")
            if not verdict.allowed:
                worst = NO
    finally:
        if path != "-":
            file.close()
    return worst


class _Malformed(Exception):
    """A request that cannot be answered."""


def _answer(policy: Policy, line: bytes) -> Verdict:
    import json

    try:
        request: Any = json.loads(line)
    except (ValueError, RecursionError) as fault:
        reason = fault.msg if isinstance(fault, json.JSONDecodeError) else "not UTF-8 text"
        raise _Malformed(f"not a JSON object: {reason[:1].lower()}{reason[1:]}") from None
    if not isinstance(request, dict):
        raise _Malformed("not a JSON object")
    for problem in _problems(request):
        raise _Malformed(problem)
    try:
        return policy.answer(request)
    except (UnknownName, RequestError, FieldTypeError) as fault:
        raise _Malformed(str(fault)) from None


def _problems(request: dict[str, Any]) -> Iterator[str]:
    if not isinstance(request.get("subject"), str):
        yield "`subject` is missing or not a string"
    if "op" not in request and "class" not in request:
        yield "`op` is missing, and so is `class`"
    for key in ("owner", "mediated", "enforce"):
        if not isinstance(request.get(key, True), bool):
            yield f"`{key}` is neither true nor false"
    for key, value in request.items():
        if key in ("owner", "mediated", "enforce", "perms", "context"):
            continue
        if not isinstance(value, str | list | dict) and type(value) is not int:
            yield f"`{key}` is not a string"
    if not isinstance(request.get("context", {}), dict):
        yield "`context` is not an object"
    perms = request.get("perms", "")
    if not isinstance(perms, str) and not (
        isinstance(perms, list) and all(isinstance(perm, str) for perm in perms)
    ):
        yield "`perms` is neither a string nor a list of strings"
