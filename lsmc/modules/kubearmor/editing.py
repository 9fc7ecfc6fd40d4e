"""What KubeArmor gives to an editor: the policies of a file, with their entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsmc.base.source import Source, Span
from lsmc.compiler.inputs import DiskFiles
from lsmc.modules.editing import Symbol
from lsmc.modules.kubearmor.syntax.reader import read
from lsmc.modules.policy_files import Parts, PlacedName, editing_of


def _together(path: str, files: DiskFiles) -> Sequence[str]:
    del files  # each file is judged for itself, as on the command line
    return [path]


def _names(source: Source) -> Iterator[PlacedName]:
    del source  # what a policy names are labels of workloads, which no policy defines
    yield from ()


def _symbols(source: Source) -> Iterator[Symbol]:
    for policy in read([source]).policies.policies:
        entries = []
        for entry in policy.entries:
            span = Span(source, entry.place.start, entry.place.end)
            entries.append(Symbol(policy.ref(entry).text, "entry", span, span))
        ends = [one.span.end for one in entries]
        first = source.text.find("\n", policy.place.start)
        end = first if first >= 0 else policy.place.end
        name = Span(source, policy.place.start, end)
        whole = Span(source, policy.place.start, max([end, policy.place.end, *ends]))
        yield Symbol(policy.title or policy.kind, "profile", whole, name, policy.kind, (*entries,))


EDITING = editing_of(Parts(_together, _names, _symbols))
