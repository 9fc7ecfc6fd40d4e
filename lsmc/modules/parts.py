"""Parts that a security module may have: what it makes of logs, of tests and of labels.

Apart from `interface.py`, since a question needs none of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from lsmc.modules.interface import Opened, Request

if TYPE_CHECKING:
    from lsmc.analysis.access_search import Witness
    from lsmc.analysis.mutation import Mutation
    from lsmc.analysis.permitted import Sought
    from lsmc.automata.algebra import Automaton
    from lsmc.compiler.inputs import Options
    from lsmc.compiler.outcome import Rendered
    from lsmc.engine.answer import Lookup
    from lsmc.engine.label import Label
    from lsmc.engine.matcher import Matcher
    from lsmc.engine.profiles import ProfileTables
    from lsmc.engine.verdict import Verdict
    from lsmc.explain.diagnosis import Diagnosis, Explained, Questions, Remedy
    from lsmc.explain.log_groups import Grouping
    from lsmc.logs.record import LogFormat
    from lsmc.tables.records import ProfileRecord

#: Renders files of policy in a format: (paths, options, processes, the directory of the cache or
#: None); raises `PolicyError`, OSError.
Render = Callable[[Sequence[str], "Options", int, str | None], Iterable["Rendered"]]


class Logs(NamedTuple):
    """What a module makes of logs.

    Attributes:
        form: how its records are read.
        grouping: which of them have one cause.
        questions: what they ask of a policy.
        remedies: (policy, options) gives the function that finds what would allow the denials of a
            log, each for itself and together.
        patched: (remedies, options) the old and the new text of each file of policy that they
            change, one character a byte; what is at stake with them stands there as comments.
    """

    form: Callable[[], "LogFormat"]
    grouping: Callable[[], "Grouping"]
    questions: Callable[[], "Questions"]
    remedies: Callable[[Any, "Options"], Callable[[Sequence["Diagnosis"]], Iterator["Explained"]]]
    patched: Callable[[Iterable["Remedy"], "Options"], Mapping[str, tuple[str, str]]]


class Tests(NamedTuple):
    """What a module that has `semantics` makes of tests of its policy, beside questions.

    Attributes:
        tables: the profiles of an open bundle.
        sought: the requests that `never` speaks of: (operation, globs over objects, globs over
            fields, whether the subject owns the object or None); `UnknownName`, `RequestError`.
        apart: languages that tell apart keys at which the answers of a profile differ although the
            same rules match.
        lookups: the look-ups that the answer to a request follows from.
        varied: an open bundle whose profiles are matched otherwise: (bundle, from the matcher of a
            profile to another).
        mutations: small changes of a rule, by its text.
        brought: the rules, by id, that a profile has only for the sake of those at some places.
        others: the names of other subjects that a request holds, by the key that holds them:
            (request, whether its texts are globs; of these, those that match one name).
    """

    tables: Callable[[Any], "ProfileTables"]
    sought: Callable[
        [str, Sequence[str], Mapping[str, Sequence[str]], bool | None], tuple["Sought", ...]
    ]
    apart: Callable[[Any, "ProfileRecord", "Sought"], Iterable["Automaton[Any]"]]
    lookups: Callable[[Any, Request], tuple["Lookup", ...]]
    varied: Callable[[Any, Callable[["Matcher"], "Matcher"]], Opened]
    mutations: Callable[[str], Iterable["Mutation"]]
    brought: Callable[["Matcher", frozenset[int]], frozenset[int]]
    others: Callable[[Request, bool], Mapping[str, tuple[str, ...]]]


class Labels(NamedTuple):
    """How a module labels objects.

    Attributes:
        label: the label of an object: (bundle, kind, subject, object, class, name of a new object
            or None, booleans); None if the policy gives none.
        file_label: that of a path: (bundle, path, what it is or None); None if it has none.
        validate_transition: whether an object may be relabelled: (bundle, its old label, its new
            label, the label of the task, class).

    All raise `UnknownName`, `RequestError`.
    """

    label: Callable[[Any, str, str, str, str, str | None, Mapping[str, bool]], "Label | None"]
    file_label: Callable[[Any, str, str | None], "Label | None"]
    validate_transition: Callable[[Any, str, str, str, str], "Verdict"]


class Search(NamedTuple):
    """How what subjects may do of many requests is found in an open bundle.

    Attributes:
        sought: the requests of an operation: (operation, globs over objects, globs over fields,
            whether the subject owns the object or None); raises `UnknownName`, `RequestError`,
            `StateLimit`.
        witnesses: of each subject that may do any of them, one that is let through: (names of
            subjects, what is sought); raises `StateLimit`, `Undecided`.
    """

    sought: Callable[[str, Sequence[str], Mapping[str, Sequence[str]], bool | None], Sequence[Any]]
    witnesses: Callable[[Iterable[str], Sequence[Any]], Iterator["Witness"]]


class Deployment(NamedTuple):
    """How policy is compiled for loading, beyond what it says itself.

    Attributes:
        complain: the paths of files whose profiles are only to log.
        namespace: the namespace of all profiles, whatever policy says; None for that of policy.
        abi: a file of the features that policy counts on which names none.
        every_abi: a file of the features that all policy counts on, whatever it names.
    """

    complain: frozenset[str] = frozenset()
    namespace: str | None = None
    abi: str | None = None
    every_abi: str | None = None


#: Policy is deployed as it says itself.
POLICY_ALONE = Deployment()


class Part(NamedTuple):
    """What the kernel is given at once of compiled policy: the names in it, and its bytes.

    Taken are all of them or none.
    """

    names: Sequence[str]
    data: bytes = b""


class PolicyCache(Protocol):
    """Directories where the policy for one kernel is kept compiled, file by file.

    Times are in nanoseconds since the epoch.
    """

    @property
    def folders(self) -> Sequence[str]:
        """The directories, which need not be there; the first is written to."""

    @property
    def own(self) -> str:
        """A directory for what `Loading.modified` keeps."""

    def find(self, name: str) -> str | None:
        """The path of what a file of this name was compiled to."""

    def read(self, path: str, newest: int) -> bytes | None:
        """What is at a path, if it is no older than a time and of use; OSError."""

    def create(self) -> None:
        """Make the directory that is written to; OSError."""

    def keep(self, name: str, data: bytes, newest: int) -> str:
        """Keep what a file was compiled to, as old as its newest source; its path; OSError."""


class Loading(NamedTuple):
    """How compiled policy of a module gets into the running kernel.

    A folder is that of the kernel's files, None for the usual one.

    Attributes:
        render: (paths, options, processes, how to deploy, the directory of lsmc's cache or None)
            compiles each file; raises `PolicyError`, which names the files with errors.
        compiled: whether the content of a file is compiled policy.
        parts: (compiled policy, folder) tells the parts of it that are sent apart; raises an
            `lsmc.Error` for damaged policy.
        send: (`add`, `replace` or `remove`, part, folder) gives a part to the kernel, or takes the
            one that is named away; raises `KernelRefusal`.
        removed: of some names those to take away; the others go with them.
        held: (folder) the modes of what is in the kernel by its names; None if it does not tell.
        cache: (places, features of the kernel or None for the running one) compiled policy that is
            kept; None where nothing tells the features.
        purge: removes all that is kept at some places.
        modified: (paths, options, how to deploy, where what is known of sources is kept or None)
            when the newest source of each file that can be compiled was modified, as
            `Rendered.newest`.
    """

    render: Callable[[Sequence[str], "Options", int, Deployment, str | None], Iterator["Rendered"]]
    compiled: Callable[[bytes], bool]
    parts: Callable[[bytes, str | None], Iterable[Part]]
    send: Callable[[str, Part, str | None], None]
    removed: Callable[[Sequence[str]], Sequence[str]]
    held: Callable[[str | None], Mapping[str, str] | None]
    cache: Callable[[Sequence[str], str | None], PolicyCache | None]
    purge: Callable[[Sequence[str]], None]
    modified: Callable[[Sequence[str], "Options", Deployment, str | None], Mapping[str, int]]
