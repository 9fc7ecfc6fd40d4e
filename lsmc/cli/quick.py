"""`lsmc query` on a bundle, without click.

Accepts only the options of a plain request; for anything else, and for any wrong use, it returns
None and leaves the command line to click, whose messages and help are the reference.
"""

from __future__ import annotations

from collections.abc import Sequence

from lsmc.cli.screen import Screen

_VALUES = {
    "--format": ("text", "json"),
    "--color": ("auto", "always", "never"),
    "--batch": None,
}
_FLAGS = {"--not-owner": "not_owner", "--enforce": "enforce", "--quiet": "quiet", "-q": "quiet"}


def quick(args: Sequence[str]) -> int | None:
    """The exit code, or None when click must parse the arguments."""
    taken = _options(args)
    if taken is None:
        return None
    values, flags, words = taken
    screen = Screen(values.get("--color", "auto"), "quiet" in flags)

    from lsmc.cli.faults import guarded

    def work() -> int:
        from lsmc.cli.ask import ask_many, ask_one, question
        from lsmc.cli.bundles import open_bundle

        policy = open_bundle(words[0], screen)
        if "enforce" in flags:
            policy = policy.enforced
        if "--batch" in values:
            return ask_many(policy, values["--batch"], screen)
        form = values.get("--format", "text")
        return ask_one(policy, question(words[1:]), "not_owner" not in flags, form, screen)

    return guarded(work, screen)


def _options(args: Sequence[str]) -> tuple[dict[str, str], set[str], list[str]] | None:
    """Option values, flags and words; None when click must parse them."""
    values: dict[str, str] = {}
    flags: set[str] = set()
    words: list[str] = []
    rest = iter(args)
    for arg in rest:
        if arg in _FLAGS:
            flags.add(_FLAGS[arg])
        elif arg.startswith("-") and arg != "-":
            name, equals, value = arg.partition("=")
            if name not in _VALUES:
                return None
            if not equals:
                value = next(rest, "")
            allowed = _VALUES[name]
            if (allowed is not None and value not in allowed) or not value:
                return None
            values[name] = value
        else:
            words.append(arg)
    if "--batch" in values:
        plain = len(words) == 1 and not flags - {"quiet", "enforce"}
    else:
        plain = len(words) >= 3
    return (values, flags, words) if plain and _is_bundle(words[0]) else None


def _is_bundle(path: str) -> bool:
    from lsmc.cli.bundles import is_bundle

    try:
        return is_bundle(path)
    except OSError:
        return False
