"""`lsmc parser`: in the place of AppArmor's own compiler, with its options."""

from __future__ import annotations

import click

from lsmc.cli.options import screen_of


class _GetoptCommand(click.Command):
    """A command whose arguments have the syntax of getopt_long(3): it reads them itself."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the arguments as they are."""
        ctx.params["args"] = tuple(args)
        ctx.args = []
        return []


@click.command("parser", cls=_GetoptCommand, options_metavar="[OPTIONS] [PATH]...")
@click.pass_context
def command(ctx: click.Context, args: tuple[str, ...]) -> int:
    """Compile and load policy with the options of apparmor_parser.

    For scripts that call apparmor_parser: it takes the options of 4.1 and 5.0, and parser.conf.
    `lsmc load` and `lsmc compile --format kernel` do the same for people.

    \b
    What to do, one of:
      -a --add, -r --replace, -R --remove   with the running kernel [add]
      -S --stdout, -o FILE --ofile FILE     write it
      -N --names                            print the names of profiles
      -Q --skip-kernel-load, -d --debug     compile, and load nothing
    What of:
      -B --binary                           PATH was compiled before
      -b DIR --base, -I DIR --Include       where included files are
      -M FILE --features-file, --kernel-features FILE, --policy-features FILE,
      --abi FILE, --override-policy-abi FILE
      -C --Complain, -n NS --namespace      only log; in a namespace
    How:
      -j N --jobs, --abort-on-error, -q --quiet, -v --verbose, --Werror,
      -f DIR --subdomainfs, --config-file FILE, --print-config-file, -V --version
    Cache of compiled policy, which apparmor_parser reads and writes too:
      -W --write-cache, -T --skip-read-cache, -K --skip-cache, -k --show-cache,
      -L DIR[,DIR]... --cache-loc, --print-cache-dir, --create-cache-dir, --purge-cache
    Without effect, which -v says: --skip-bad-cache, --debug-cache, -O, --warn,
      --max-jobs, --estimated-compile-size, --prompt-compat, --zstd-compress-level
    Refused: -X --readimpliesX, -p --preprocess, -D --dump, -m --match-string

    PATH is a file or a directory, standard input without any.  What DIR/disable names is left
    out, and what DIR/force-complain names only logs.

    Exit status, as apparmor_parser has it: 0 done, 1 wrong use or errors in policy, 2 no such
    file, 256 less the error number for a profile that the kernel refuses.
    """
    from lsmc.cli.dropin import run

    return run(args, screen_of(ctx), ctx.get_help)
