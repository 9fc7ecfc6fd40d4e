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
    from lsmc.analysis.access_search import AccessSearch
    from lsmc.analysis.change import Change
    from lsmc.analysis.graph import Graph
    from lsmc.analysis.semantics import Semantics
    from lsmc.base.diagnostics import Diagnostic
    from lsmc.base.files import StrPath
    from lsmc.compiler.cache.store import Compile
    from lsmc.compiler.inputs import DiskFiles, Options
    from lsmc.engine.permissions import Permissions
    from lsmc.engine.verdict import Verdict
    from lsmc.explain.abilities import Abilities
    from lsmc.explain.explanation import Explanation
    from lsmc.explain.learning import Learner, LearningRequest
    from lsmc.ir.model import Policy as IrPolicy
    from lsmc.ir.operation import Operation
    from lsmc.lint.model import Lint
    from lsmc.modules.editing import Editing
    from lsmc.modules.formatter import Formatter
    from lsmc.modules.parts import Labels, Loading, Logs, Render, Search, Tests
    from lsmc.stack.calls import Hooks
    from lsmc.tables.records import Place
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
        settings: names of `Options.settings` that it takes.
        installed: globs of the directories and files where a system keeps its policy, relative to
            its root directory; none if it keeps none in files.
        check_options: raises ValueError for a target that it does not know, with the reason; None
            if it has no targets.
        answers: the verdicts of many requests, in order, where that is faster than one by one; the
            last argument answers any one.
        permissions: all that a subject may do to an object: (subject, class, object, fields).
        lint: gives what lint needs of the module; None for a module without checks.
        logs: gives what it makes of logs; None if it writes none.
        abilities: all that a subject may do: (bundle, subject, classes); None for a module that
            cannot tell; `UnknownName`, `RequestError`.
        graph: which subjects a task can come to from which; None if subjects do not change.
        formatter: a formatter of policy files under some options.
        semantics: what the rules mean, of a module whose bundles are a `tables.bundle.Bundle`.
        tests: gives what it makes of tests of its policy beside questions; None if that is all.
        formats: what renders policy in other formats than a bundle, by the name of the format.
        loading: gives how compiled policy gets into the running kernel; None if it does not by
            lsmc.
        executable: the subject that a program runs as, by its path: (bundle, path); raises
            `RequestError` where that cannot be told.  None where questions take paths themselves,
            or where no path tells it.
        labels: gives how it labels objects; None if it labels none.
        hooks: gives the function from an operation of the kernel to its requests at hooks, in the
            kernel's order; it raises `RequestError`.  None for what is no module of a kernel.
        objects: of a module whose objects are finitely many names, those that questions with an
            operation may have: (bundle, operation); `UnknownName`.
        searches: how many requests are searched in an open bundle, of a module with a search of its
            own.
        rules: the written rules of a bundle, of a module without `semantics`; None if it cannot
            tell which rules decide.
        syntax: the canonical text of a policy file's syntax tree: (path, bytes); `PolicyError`.
        editing: gives what an editor asks; None for what has but findings and layout.
        languages: what editors call the languages of its files, beside its name.
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
    settings: tuple[str, ...] = ()
    installed: tuple[str, ...] = ()
    check_options: Callable[["Options"], None] | None = None
    answers: (
        Callable[[Any, Iterable[Request], Callable[[Request], "Verdict"]], Iterator["Verdict"]]
        | None
    ) = None
    permissions: Callable[[Any, str, str, str, Mapping[str, object]], "Permissions"] | None = None
    lint: Callable[[], "Lint[Any]"] | None = None
    logs: Callable[[], "Logs"] | None = None
    abilities: Callable[[Any, str, Sequence[str]], "Abilities"] | None = None
    graph: Callable[[Any], "Graph"] | None = None
    formatter: Callable[["Options"], "Formatter"] | None = None
    semantics: Callable[[], "Semantics"] | None = None
    tests: Callable[[], "Tests"] | None = None
    formats: Mapping[str, Callable[[], "Render"]] = {}
    loading: Callable[[], "Loading"] | None = None
    labels: Callable[[], "Labels"] | None = None
    hooks: Callable[[], "Hooks"] | None = None
    executable: Callable[[Any, str], str] | None = None
    objects: Callable[[Any, str], Sequence[str]] | None = None
    searches: Callable[[Any], "Search"] | None = None
    rules: Callable[[Any], Iterable["Place"]] | None = None
    syntax: Callable[[str, bytes], bytes] | None = None
    ir: Callable[[Sequence[str], "Options"], "IrPolicy"] | None = None
    learn: Callable[[Any, "Options", "LearningRequest"], "Learner"] | None = None
    editing: Callable[[], "Editing"] | None = None
    languages: tuple[str, ...] = ()

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

    def search(self, opened: Any, what: str) -> "Search":
        """How many requests are searched in an open bundle; raises `NoMeaning` of what needs it."""
        from lsmc.modules.parts import Search

        if self.searches is not None:
            return self.searches(opened)
        if self.objects is None:
            found = self.access_search(opened, what)
            return Search(self.needs(self.tests, what)().sought, found.witnesses)
        from lsmc.analysis.listed_search import ListedSearch

        objects = self.objects
        listed = ListedSearch(
            lambda op: objects(opened, op), lambda request: self.answer(opened, request)
        )
        return Search(listed.sought, listed.witnesses)
