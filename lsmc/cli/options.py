"""Options that several commands share: how to print, and how to read policy."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from lsmc.cli.screen import Screen
from lsmc.modules.registry import DEFAULT, MODULES

if TYPE_CHECKING:
    from lsmc.compiler.inputs import Given, Options

Function = TypeVar("Function", bound=Callable[..., Any])


class Reading(NamedTuple):
    """The options on how source files are read and compiled."""

    base: str | None
    include: tuple[str, ...]
    features: str | None
    variables: dict[str, str]
    jobs: int | None
    cache: str | None
    restrict: tuple[str, ...] = ()
    target: str | None = None
    module: str | None = None
    settings: tuple[tuple[str, str], ...] = ()

    def given(self) -> Given:
        """The part of them that says how policy is read."""
        from lsmc.compiler.inputs import Given

        return Given(
            self.base,
            self.include,
            self.features,
            self.variables,
            self.restrict,
            self.target,
            dict(self.settings),
        )

    def options(self) -> Options:
        """The part of them that the compiler uses."""
        return self.given().options()


def screen_of(ctx: click.Context) -> Screen:
    """The screen of a run, created on first use."""
    screen = ctx.find_root().ensure_object(Screen)
    assert isinstance(screen, Screen)
    return screen


def _set_color(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        screen_of(ctx).color = value


def _set_quiet(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        screen_of(ctx).quiet = True


def screen_options(function: Function) -> Function:
    """Add `--color` and `--quiet`."""
    color = click.option(
        "--color",
        type=click.Choice(("auto", "always", "never")),
        callback=_set_color,
        expose_value=False,
        help="Colours: on a terminal (auto, the default; NO_COLOR turns them off), always, never.",
    )
    quiet = click.option(
        "-q",
        "--quiet",
        is_flag=True,
        callback=_set_quiet,
        expose_value=False,
        help="Print errors only; the exit status is the answer.",
    )
    return color(quiet(function))


def module_option(help: str, default: str | None = None) -> Callable[[Function], Function]:
    """Add `--module`."""
    return click.option("--module", type=click.Choice(tuple(MODULES)), default=default, help=help)


def policy_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options on how policy is read; the function receives them as `reading`."""

    @functools.wraps(function)
    def wrapper(
        *args: Any,
        base: str | None,
        include: tuple[str, ...],
        features: str | None,
        define: tuple[str, ...],
        restrict: tuple[str, ...],
        target: str | None,
        module: str | None,
        jobs: int | None,
        cache_dir: str | None,
        no_cache: bool,
        posture: str | None,
        no_neverallow: bool,
        **rest: Any,
    ) -> Any:
        if no_cache and cache_dir is not None:
            raise click.UsageError("--cache-dir and --no-cache exclude each other")
        cache = None if no_cache else cache_dir or default_cache()
        variables = dict(_define(text) for text in define)
        settings = [("posture", posture)] if posture is not None else []
        settings += [("no-neverallow", "yes")] if no_neverallow else []
        reading = Reading(
            base=base,
            include=include,
            features=features,
            variables=variables,
            jobs=jobs,
            cache=cache,
            restrict=restrict,
            target=target,
            module=module,
            settings=tuple(settings),
        )
        return function(*args, reading=reading, **rest)

    options = (
        click.option(
            "--base", metavar="DIR", help="Directory of <magic> includes [/etc/apparmor.d]."
        ),
        click.option(
            "-I", "--include", metavar="DIR", multiple=True, help="More include directories."
        ),
        click.option(
            "--features", metavar="FILE", help="Features or abi file; overrides abi lines."
        ),
        click.option(
            "-D",
            "--define",
            metavar="NAME=VALUE",
            multiple=True,
            help="Set a variable of the policy.",
        ),
        click.option(
            "--restrict",
            metavar="DIR",
            multiple=True,
            type=click.Path(exists=True, file_okay=False),
            help="Read no policy outside of these directories, wherever links and includes lead.",
        ),
        click.option(
            "--target",
            metavar="VERSION",
            callback=_target,
            help="AppArmor's compiler: 3.0, 3.1, 4.0, 4.1, 5.0 or 6.0 [as the abi stands for].",
        ),
        module_option("The security module whose policy it is [told by its content]."),
        click.option(
            "--posture",
            metavar="LIST",
            help="KubeArmor: what is done where no policy decides (file=block,network=audit).",
        ),
        click.option(
            "--no-neverallow", is_flag=True, help="SELinux: check neither neverallow nor bounds."
        ),
        click.option(
            "-j", "--jobs", metavar="N", type=click.IntRange(1), help="Processes [one a processor]."
        ),
        click.option(
            "--cache-dir", metavar="DIR", help="Where compiled policy is kept [~/.cache/lsmc]."
        ),
        click.option("--no-cache", is_flag=True, help="Neither use nor keep compiled policy."),
    )
    for option in reversed(options):
        wrapper = option(wrapper)
    return wrapper


def _target(_ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        from lsmc.compiler.inputs import Options
        from lsmc.modules.registry import module_named

        module = module_named(DEFAULT)
        try:
            module.needs(module.check_options, "`--target`")(Options(target=value))
        except ValueError as fault:
            raise click.BadParameter(str(fault)) from None
    return value


def named(
    policy: str | None, paths: tuple[str, ...], words: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paths of policy and the other words of a command line; with `--policy` all are these."""
    first = () if policy is None else (policy,)
    return (paths, first + words) if paths else (first, words)


policy_paths_option = click.option(
    "--policy",
    "paths",
    metavar="PATH",
    multiple=True,
    help="Policy in place of POLICY: a file, directory or bundle; several are one policy.",
)


def _boolean(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> dict[str, bool]:
    states = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
    found = {}
    for text in values:
        name, _, state = text.partition("=")
        if not name or state.lower() not in states:
            raise click.BadParameter(f"`{text}` is not of the form NAME=on or NAME=off")
        found[name] = states[state.lower()]
    return found


booleans_option = click.option(
    "--boolean",
    "booleans",
    metavar="NAME=on|off",
    multiple=True,
    callback=_boolean,
    help="SELinux: set a boolean of the policy; may be repeated.",
)


enforce_option = click.option(
    "--enforce", is_flag=True, help="Judge profiles in complain mode as if they were enforced."
)


def format_option(*formats: str) -> Callable[[Function], Function]:
    """Add `--format`; the first format is the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="How to print the answer.",
    )


def default_cache() -> str | None:
    """The user's cache directory for lsmc, or None without a home directory."""
    root = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(root):
        root = os.path.expanduser("~/.cache")
    return os.path.join(root, "lsmc") if os.path.isabs(root) else None


def _define(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip("@${}"):
        raise click.BadParameter(f"`{text}` is not of the form NAME=VALUE", param_hint="-D")
    return name, value
