"""The rules as they are written, each text once with the profiles that it is part of.

Checks of the text need what the IR no longer has: words, conditions, rules that lowering dropped.
The same included file is part of hundreds of profiles; it is looked at once for each feature set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lsmc.modules.apparmor.build.compile import FlatProfile
from lsmc.modules.apparmor.lint.include_graph import includes
from lsmc.modules.apparmor.lint.tree import LintedFile, Tree
from lsmc.modules.apparmor.lower.context import Altered
from lsmc.modules.apparmor.resolve.body import Fragment
from lsmc.modules.apparmor.resolve.features import Features
from lsmc.modules.apparmor.syntax import ast


@dataclass(slots=True)
class WrittenProfile:
    """A profile as it is written: the file that was given, its flattened body, and its name."""

    file: LintedFile
    flat: FlatProfile
    name: str


@dataclass(slots=True)
class Text:
    """The rules that stand directly in one text under one prefix and one feature set.

    `altered` is what they become where the compiler makes something else of them.
    """

    fragment: Fragment
    features: Features
    altered: tuple[Altered, ...]
    profiles: list[WrittenProfile] = field(default_factory=list)

    @property
    def rules(self) -> tuple[ast.Rule, ...]:
        """The rules."""
        return self.fragment.rules


def texts(tree: Tree) -> tuple[Text, ...]:
    """The texts in force, without branches that are not taken; ask `tree.shared` for them."""
    found: dict[object, Text] = {}
    for profile in written_profiles(tree):
        features = profile.file.compiled.features
        for fragment in profile.flat.body.fragments:
            if not fragment.taken:
                continue
            key = (fragment.key, features.name)
            text = found.get(key)
            if text is None:
                altered = profile.file.compiled.altered.get(fragment.key, ())
                text = found[key] = Text(fragment, features, altered)
            text.profiles.append(profile)
    return tuple(found.values())


def written_profiles(tree: Tree) -> Iterator[WrittenProfile]:
    """Every profile as written, with its name."""
    names = tree.shared(_names)
    for file in tree.files:
        for profile in file.compiled.bodies:
            head = profile.ast.head
            name = names.get((head.source.path, head.start, file.path))
            if name is not None:
                yield WrittenProfile(file, profile, name)


def _names(tree: Tree) -> dict[tuple[str, int, str], str]:
    heads = ((profile.name, profile.ir.origin) for profile in tree.profiles)
    return {(head.source.path, head.start, tree.homes[name]): name for name, head in heads}


def written_rules(tree: Tree) -> Iterator[tuple[Text, ast.Rule]]:
    """Every rule with its text."""
    for text in tree.shared(texts):
        for rule in text.rules:
            yield text, rule


def bare_rules(tree: Tree) -> dict[tuple[str, int], str]:
    """The rules that name nothing, by place: the keyword."""
    found: dict[tuple[str, int], str] = {}
    for _, rule in written_rules(tree):
        if _is_bare(rule.body):
            found[rule.span.source.path, rule.span.start] = rule.body.kind
    return found


def _is_bare(body: ast.RuleBody) -> bool:
    match body:
        case (
            ast.AllRule()
            | ast.FileRule(path=None)
            | ast.CapabilityRule(names=())
            | ast.MountRule(kind="mount", conditions=(), source=None, mountpoint=None)
            | ast.ChangeProfileRule(exec=None, target=None)
            | ast.ClassRule(perms=None, words=(), conditions=(), peer=None)
        ):
            return True
    return False


def all_includes(tree: Tree) -> Iterator[ast.Include]:
    """Every include line of the files of the tree, each once."""
    for path in tree.texts:
        yield from includes(tree.library.file(path).tree.items)
