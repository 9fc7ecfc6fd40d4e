"""What a security module is: data and plain functions.

A module need not use the automata.  The contract is at the level of sources, bundles, requests and
answers; `lsmc.tables`, `lsmc.engine`, `lsmc.analysis` and `lsmc.explain` are libraries for modules
whose rules match objects by patterns.

The functions import what they need when they are called, so that a question does not pay for the
compiler.  For the same reason the annotations here are types, not texts: of a NamedTuple, texts are
compiled one by one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from lsmc.base.errors import NoMeaning

if TYPE_CHECKING:
    from lsmc.analysis.access_search import AccessSearch, Witness
    from lsmc.analysis.change import Change
    from lsmc.analysis.graph import Graph
    from lsmc.analysis.mutation import Mutation
    from lsmc.analysis.permitted import Sought
    from lsmc.analysis.semantics import Semantics
    from lsmc.automata.algebra import Automaton
    from lsmc.base.diagnostics import Diagnostic
    from lsmc.base.files import StrPath
    from lsmc.compiler.cache.store import Compile
    from lsmc.compiler.inputs import DiskFiles, Options
    from lsmc.compiler.outcome import Rendered
    from lsmc.engine.answer import Lookup
    from lsmc.engine.label import Label
    from lsmc.engine.matcher import Matcher
    from lsmc.engine.profiles import ProfileTables
    from lsmc.engine.verdict import Permissions, Verdict
    from lsmc.explain.abilities import Abilities
    from lsmc.explain.diagnosis import Diagnosis, Explained, Questions, Remedy
    from lsmc.explain.explanation import Explanation
    from lsmc.explain.learning import Learner, LearningRequest
    from lsmc.explain.log_groups import Grouping
    from lsmc.ir.model import Policy as IrPolicy
    from lsmc.ir.operation import Operation
    from lsmc.lint.model import Lint
    from lsmc.logs.record import LogFormat
    from lsmc.modules.formatter import Formatter
    from lsmc.tables.records import Place, ProfileRecord
    from lsmc.tables.sections import Sections

T = TypeVar("T")
#: A question as `Policy.query_many` takes it: `subject`, `op` or `class`, `object`, and fields.
Request = Mapping[str, Any]


class Opened(Protocol):
    """A bundle that a module has opened."""

    @property
    def subjects(self) -> Sequence[str]:
        """The names of the subjects that the policy knows, in order."""

    @property
    def bundle(self) -> "Sections":
        """The sections of the bundle; a `Bundle` of a module that has `semantics`."""

    def find(self, name: str) -> object | None:
        """What the policy has of a subject, None when it does not know the name.

        Of a module that has `semantics`, a `ProfileRecord`.
        """


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


#: Renders files of policy in a format: (paths, options, processes); raises `PolicyError`, OSError.
Render = Callable[[Sequence[str], "Options", int], Iterable["Rendered"]]


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


class SecurityModule(NamedTuple):
    """A Linux security module, as lsmc knows it.

    Attributes:
        name: the word that stands in bundles and on the command line.
        title: the name for people.
        claims: whether some paths are policy of this module, by their names and content.
        compiler: gives the function that compiles policy files to a bundle.
        compile_text: compiles one text: (bytes, name, options) to the bundle and the
            warnings; raises `PolicyError`.
        open: opens the bytes of a bundle: (bytes, name, enforce); raises `BundleError`.  With
            enforce, subjects that only log are judged as if they were enforced.
        answer: the verdict of one request; raises `UnknownName`, `RequestError`, TypeError.
        explain: the verdict of a request with its reasons.
        diff: what two policies decide differently.
        operations: what questions may ask, in order.
        find_files: which files of some paths are policy; None if all are but those that are none by
            their names (`lsmc.compiler.inputs.profile_paths`).
        max_source: bytes that a file of policy may have; None for the bound of most.
        settings: names of `Options.settings` that it takes.
        installed: globs of the directories and files where a system keeps its policy, relative to
            its root directory; none if it keeps none in files.
        check_options: raises ValueError for a target that it does not know, with the reason; None
            if it has no targets.
        answers: the verdicts of many requests, in order, where that is faster than one by one; the
            last argument answers any one.
        permissions: all that a subject may do to an object: (subject, class, object, fields).
        lint: gives what lint needs of the module; None for a module without checks.
        logs: what it makes of logs; None if it writes none.
        abilities: all that a subject may do: (bundle, subject, classes); None for a module that
            cannot tell; `UnknownName`, `RequestError`.
        graph: which subjects a task can come to from which; None if subjects do not change.
        formatter: a formatter of policy files under some options.
        semantics: what the rules mean, of a module whose bundles are a `tables.bundle.Bundle`.
        tests: what it makes of tests of its policy beside questions; None if that is all.
        formats: what renders policy in other formats than a bundle, by the name of the format.
        labels: how it labels objects; None if it labels none.
        objects: of a module whose objects are finitely many names, those that questions with an
            operation may have: (bundle, operation); `UnknownName`.
        rules: the written rules of a bundle, of a module without `semantics`; None if it cannot
            tell which rules decide.
        syntax: the canonical text of a policy file's syntax tree: (path, bytes); `PolicyError`.
        learn: (policy, options, what is wanted) gives what learns policy from records; None if it
            learns none.
        ir: the policy of some files before there are tables: (paths, options); `PolicyError`.
    """

    name: str
    title: str
    claims: Callable[[Sequence[str]], bool]
    compiler: Callable[[], "Compile"]
    compile_text: Callable[[bytes, str, "Options"], tuple[bytes, list["Diagnostic"]]]
    open: Callable[[bytes | memoryview, str, bool], Opened]
    answer: Callable[[Any, Request], "Verdict"]
    explain: Callable[[Any, Request], "Explanation"]
    diff: Callable[[Any, Any], list["Change"]]
    operations: Callable[[], Sequence["Operation"]]
    find_files: Callable[[Iterable["StrPath"], "DiskFiles"], tuple[list[str], list[str]]] | None = (
        None
    )
    max_source: int | None = None
    settings: tuple[str, ...] = ()
    installed: tuple[str, ...] = ()
    check_options: Callable[["Options"], None] | None = None
    answers: (
        Callable[[Any, Iterable[Request], Callable[[Request], "Verdict"]], Iterator["Verdict"]]
        | None
    ) = None
    permissions: Callable[[Any, str, str, str, Mapping[str, object]], "Permissions"] | None = None
    lint: Callable[[], "Lint[Any]"] | None = None
    logs: Logs | None = None
    abilities: Callable[[Any, str, Sequence[str]], "Abilities"] | None = None
    graph: Callable[[Any], "Graph"] | None = None
    formatter: Callable[["Options"], "Formatter"] | None = None
    semantics: Callable[[], "Semantics"] | None = None
    tests: Callable[[], Tests] | None = None
    formats: Mapping[str, Callable[[], Render]] = {}
    labels: Labels | None = None
    objects: Callable[[Any, str], Sequence[str]] | None = None
    rules: Callable[[Any], Iterable["Place"]] | None = None
    syntax: Callable[[str, bytes], bytes] | None = None
    ir: Callable[[Sequence[str], "Options"], "IrPolicy"] | None = None
    learn: Callable[[Any, "Options", "LearningRequest"], "Learner"] | None = None

    def files(self, paths: Iterable[str], disk: "DiskFiles") -> tuple[list[str], list[str]]:
        """The files of policy that some paths name, each once and in order; the missing paths."""
        from lsmc.compiler.inputs import profile_paths

        return (self.find_files or profile_paths)(paths, disk)

    def check_settings(self, options: "Options") -> None:
        """Raise `NoMeaning` for a setting of policy that the module does not take."""
        for name, _ in options.settings:
            if name not in self.settings:
                raise NoMeaning(f"`--{name}` has no meaning for {self.title}")

    def needs(self, part: T | None, what: str) -> T:
        """A part that a module need not have; raises `NoMeaning` of what is asked without it."""
        if part is None:
            raise NoMeaning(f"{what} has no meaning for {self.title}")
        return part

    def access_search(self, opened: Any, what: str, *, varied: bool = False) -> "AccessSearch":
        """A search in an open bundle; raises `NoMeaning` of what is asked without one.

        `varied` says that the profiles are matched otherwise than the tables of the bundle say.
        """
        from lsmc.analysis.access_search import AccessSearch

        tests = self.needs(self.tests, what)()
        return AccessSearch(
            self.needs(self.semantics, what)(),
            tests.tables(opened),
            lambda request: self.answer(opened, request),
            lambda profile, sought: tests.apart(opened, profile, sought),
            varied=varied,
        )

    def search(self, opened: Any, what: str) -> Search:
        """How many requests are searched in an open bundle; raises `NoMeaning` of what needs it."""
        if self.objects is None:
            found = self.access_search(opened, what)
            return Search(self.needs(self.tests, what)().sought, found.witnesses)
        from lsmc.analysis.listed_search import ListedSearch

        objects = self.objects
        listed = ListedSearch(
            lambda op: objects(opened, op), lambda request: self.answer(opened, request)
        )
        return Search(listed.sought, listed.witnesses)
