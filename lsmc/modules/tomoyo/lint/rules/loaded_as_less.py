"""A line that the kernel reads as less than it says.

What it does: finds permissions that are lost because the kernel only looks for the names that it
knows, and words at the end of a line that it does not read.

Why is this bad: the kernel takes `read,write` for `read`, `readx` for `read`, and `write/mkdir`
for `write`: it looks for each name at the beginning of the word and behind each `/`, takes those
of one kind, and says nothing of the rest.  What the rest was to grant is refused.

Bad:

```tomoyo
<kernel> /bin/a
use_profile 3
file read,write /etc/hosts  # found
file write/mkdir /srv/a  # found
```

Good:

```tomoyo
<kernel> /bin/a
use_profile 3
file read/write /etc/hosts
file write /srv/a
file mkdir /srv/a/ 0755
```

How sure: exact.

How to fix: join permissions with `/`, and give those with other arguments lines of their own.  The
fix writes the line as the kernel reads it, which changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span
from lsmc.lint.model import Check
from lsmc.modules.tomoyo.lint.tree import Grant, Tree, rewritten, word_span
from lsmc.modules.tomoyo.model import Member
from lsmc.modules.tomoyo.syntax.acl import others_of
from lsmc.modules.tomoyo.syntax.reader import Written
from lsmc.modules.tomoyo.vocabulary import ENVIRON, FILE_KINDS, TASK


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each word of permissions, and each member of a group, that is not read as a whole."""
    for grant in tree.grants:
        if grant.acl.kind in (ENVIRON, TASK):
            continue
        lost = _lost(grant)
        if lost:
            kept = "/".join(grant.acl.permissions)
            word = grant.permissions_word
            yield CHECK.finding(
                word_span(grant.written, word),
                f"the kernel reads `{word.text}` as `{kept}`: {lost} counts for nothing",
                help=_cure(grant),
                profile=grant.owner,
                fix=rewritten(grant.written, _form(grant)),
            )
    for space in tree.policy.spaces.values():
        for members in space.members.values():
            for member, written in members:
                yield from _rest_of(member, written.words[0].text.startswith("<"), written)


def _lost(grant: Grant) -> str:
    """The parts of the word that are no permission."""
    parts = grant.permissions_word.text.split("/")
    lost = [part for part in parts if part not in grant.acl.permissions]
    return ", ".join(f"`{part}`" if part else "the `/` at the end" for part in lost)


def _cure(grant: Grant) -> str:
    others = others_of(grant.acl.kind, grant.permissions_word.text)
    if grant.acl.kind in FILE_KINDS and others:
        return f"give `{'/'.join(others)}` a line of its own, with its arguments"
    return "permissions are joined with `/`"


def _form(grant: Grant) -> str:
    head = " ".join(word.text for word in grant.written.words[: grant.skip])
    return f"{head} {grant.acl}".strip()


def _rest_of(member: Member, spaced: bool, written: Written) -> Iterator[Diagnostic]:
    read = 3 + spaced
    if len(written.words) > read:
        rest = written.words[read]
        yield CHECK.finding(
            Span(written.source, rest.start, written.end),
            f"the kernel reads one member a line: `{rest.text}` is none of `{member.group}`",
            help=f"write `{member.word} {member.group} {rest.text}` on a line of its own",
        )


CHECK = Check("LSM670", "loaded-as-less", "warning", run)
