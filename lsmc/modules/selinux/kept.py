"""What is kept of a compilation, and how a bundle is revised when one file has other rules.

A bundle is revised when only loose rules of one file changed (`syntax.skeleton`): their names are
those of the bundle, and no assertion speaks of them.  In all other cases all files are compiled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from lsmc.base.source import Source
from lsmc.compiler.cache.entry import are_numbers, is_row, need
from lsmc.compiler.inputs import Options
from lsmc.compiler.whole import Kept
from lsmc.modules.selinux.assertions.pairs import Members, Pairs
from lsmc.modules.selinux.front import read, resolved_files
from lsmc.modules.selinux.model import Policy
from lsmc.modules.selinux.settings import NO_NEVERALLOW
from lsmc.modules.selinux.syntax.skeleton import LooseRule, Skeleton, skeleton, unfolded
from lsmc.modules.selinux.tables.layout import GRANT_KINDS, Section
from lsmc.modules.selinux.tables.memberships import Memberships
from lsmc.modules.selinux.tables.pack import pack
from lsmc.modules.selinux.tables.places import columns_of
from lsmc.modules.selinux.tables.revise import Moved, NewRule, revised
from lsmc.modules.selinux.tables.vocabulary import Vocabulary
from lsmc.tables.sections import Sections


class _Details(NamedTuple):
    """What an entry of the cache has beside the bundle.

    Attributes:
        steady: whether a change of rules can be judged by the bundle alone.
        never: of each assertion: sources and targets as sets of bits in base 16, whether they are
            the same or apart, class, permissions.
        files: the skeleton of each file, by path.
    """

    steady: bool
    never: list[list[Any]]
    files: dict[str, list[Any]]


def compile_kept(sources: Sequence[Source], options: Options) -> Kept:
    """Compile files that belong together; raises `PolicyError`."""
    assertions = NO_NEVERALLOW not in dict(options.settings)
    files = read(sources)
    policy = resolved_files(files, assertions=assertions)
    bundle = pack(policy)

    def details() -> Any:
        found = (skeleton(*one)[0] for one in zip(*files[:3], strict=True))
        skeletons = {
            source.path: list(one) for source, one in zip(files.sources, found, strict=True)
        }
        never = list(_never(policy)) if assertions else []
        return _Details(_steady(policy, assertions=assertions), never, skeletons)

    return Kept(bundle, [], details)


def _steady(policy: Policy, *, assertions: bool) -> bool:
    judged = policy.type_bounds or any(one.kind == "neverallowx" for one in policy.extended)
    return not policy.rules["deny"].source and not (assertions and judged)


def _never(policy: Policy) -> Iterator[list[Any]]:
    members, rules = Members(policy), policy.rules["neverallow"]
    for source, target, cls, mask, _, _ in zip(*rules, strict=True):
        pairs = members.pairs(source, target)
        yield [f"{pairs.source:x}", f"{pairs.target:x}", pairs.same, pairs.apart, cls, mask]


def revise(
    bundle: memoryview, details: Any, sources: Sequence[Source], options: Options
) -> Kept | None:
    """The bundle with the changed rules of a file; None when all files must be compiled.

    Raises ValueError, `BundleError` for details or a bundle that can not be.
    """
    del options  # an entry belongs to one set of them
    need(is_row(details, bool, list, dict))
    kept = _Details(*details)
    files = read(sources)
    if not kept.steady or len(files.sources) != 1 or files.errors:
        return None
    (source,) = files.sources
    before = kept.files.get(source.path)
    need(before is not None and is_row(before, str, int, int, list))
    assert before is not None
    old = Skeleton(*before)
    need(are_numbers(old.loose, 1 << 32) and not len(old.loose) % 2)
    need(sum(old.loose[1::2]) <= old.lines)
    new, loose = skeleton(source, 0, files.bodies[0])
    if new.digest != old.digest:
        return None
    sections = Sections(bundle, Section)
    vocabulary = Vocabulary(sections)
    others = [one for path, one in kept.files.items() if path != source.path]
    need(all(is_row(one, str, int, int, list) for one in others))
    longest = max(new.longest, *(one[2] for one in others))
    count = sections.words(Section.FILE_LINES)[-1] + new.lines - old.lines
    columns = sections.words(Section.HEAD)[2]
    if columns_of(longest, count) != columns or source.path not in vocabulary.files:
        return None
    rules = _rules(vocabulary, source, loose)
    if rules is None or _forbidden(sections, vocabulary, kept.never, rules):
        return None
    moved = Moved(vocabulary.files.index(source.path), _went(old, new), new.lines)
    made = revised(sections, vocabulary, moved, rules)
    if made is None:
        return None
    now = kept._replace(files={**kept.files, source.path: list(new)})
    return Kept(made, [], lambda: now)


def _went(old: Skeleton, new: Skeleton) -> list[int | None]:
    """Where each line of a file went; None for lines with loose rules."""
    gone, come = set(unfolded(old.loose)), set(unfolded(new.loose))
    left = (number for number in range(new.lines) if number not in come)
    return [None if number in gone else next(left, None) for number in range(old.lines)]


def _rules(
    vocabulary: Vocabulary, source: Source, loose: Sequence[LooseRule]
) -> list[NewRule] | None:
    """The loose rules with the numbers of a bundle; None if one has a name that it has not."""
    labels = {**vocabulary.attribute_numbers, **vocabulary.type_numbers}
    targets = {**labels, "self": len(vocabulary.labels)}
    lines = source.text.split("\n")
    known: dict[int, tuple[int, int] | None] = {}
    found: list[NewRule] = []
    for line, before, statement in loose:
        kind, subject, target, permissions = statement
        masked = known.get(id(permissions))
        if masked is None:
            masked = known[id(permissions)] = _masked(vocabulary, permissions)
        if masked is None or subject not in labels or target not in targets:
            return None
        text = lines[line][:before]
        if not text.isascii():
            return None
        numbers = (labels[str(subject)], targets[str(target)], *masked)
        kinds: tuple[str, ...] = GRANT_KINDS
        found.append(NewRule(kinds.index(str(kind)), *numbers, line, before + 1))
    return found


def _masked(vocabulary: Vocabulary, permissions: Any) -> tuple[int, int] | None:
    """The class and the bits of permissions; None unless they are names of one class."""
    cls = vocabulary.class_numbers.get(permissions[0])
    if cls is None:
        return None
    bits = {name: 1 << bit for bit, name in enumerate(vocabulary.permissions(cls))}
    if any(name not in bits for name in permissions[1]):
        return None
    mask = 0
    for name in permissions[1]:
        mask |= bits[name]
    return cls, mask


def _forbidden(
    sections: Sections, vocabulary: Vocabulary, never: Sequence[Any], rules: Sequence[NewRule]
) -> bool:
    """Whether an assertion speaks of a rule."""
    for one in never:
        need(is_row(one, str, str, bool, bool, int, int))
    wanted = [(Pairs(int(one[0], 16), int(one[1], 16), *one[2:4]), *one[4:]) for one in never]
    classes = {cls for _, cls, _ in wanted}
    memberships = Memberships(sections, vocabulary)
    everything = (1 << len(vocabulary.types)) - 1
    masks: dict[int, int] = {}

    def of(label: int) -> int:
        if label not in masks:
            masks[label] = sum(1 << member for member in memberships.members(label))
        return masks[label]

    for rule in rules:
        if rule.kind or rule.cls not in classes:
            continue
        itself = rule.target == len(vocabulary.labels)
        pairs = Pairs(of(rule.source), everything if itself else of(rule.target), same=itself)
        for which, cls, mask in wanted:
            if cls == rule.cls and mask & rule.permissions and which.meet(pairs) is not None:
                return True
    return False
