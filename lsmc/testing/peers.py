"""Other subjects that tests name: a misspelt one must not pass as a denial that was expected.

A name is known if the policy has it, if the head of the file lists it among `peers`, or if a rule
decides about it: then the answer does not come of the name alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import product

from lsmc.base.errors import did_you_mean
from lsmc.base.toml import Path
from lsmc.engine.verdict import Verdict
from lsmc.policy import Policy
from lsmc.testing.model import Mistake, TestFile
from lsmc.testing.results import NeverResult

_HELP = "correct the name, or add it to `peers` at the head of the file"


def unknown_peers(
    file: TestFile, policy: Policy, verdicts: Sequence[Verdict], nevers: Sequence[NeverResult]
) -> Iterator[Mistake]:
    """The names of nobody in tests that hold since no rule speaks of them.

    Args:
        file: the tests.
        policy: what was asked.
        verdicts: the answers to the cases.
        nevers: what came of the searches.
    """
    if policy.module.tests is None:
        return
    others = policy.module.tests().others
    for case, verdict in zip(file.cases, verdicts, strict=True):
        if verdict.missing and not verdict.rules:
            yield from _unknown(file, policy, case.path, others(case.request, False))
    for result in nevers:
        never = result.never
        if not result.holds:
            continue
        fields = {"object": never.objects or ("",), **never.fields}
        told: dict[Mistake, None] = {}
        for values in product(*fields.values()):
            request = {"op": never.op, **dict(zip(fields, values, strict=True))}
            told.update(dict.fromkeys(_unknown(file, policy, never.path, others(request, True))))
        yield from told


def _unknown(
    file: TestFile, policy: Policy, path: Path, named: Mapping[str, tuple[str, ...]]
) -> Iterator[Mistake]:
    for key, names in named.items():
        for name in names:
            if name in policy or any(fnmatchcase(name, glob) for glob in file.peers):
                continue
            close = did_you_mean(name, policy.profiles) or _HELP
            place: Path = path if key == "object" and len(path) > 2 else (*path[:2], key)
            message = f"no subject `{name}`, and no rule speaks of it"
            yield Mistake(file.places.value(place), message, close)
