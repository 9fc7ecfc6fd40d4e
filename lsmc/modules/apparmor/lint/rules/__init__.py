'''The checks, one file each; a file's docstring is the check's page (`lsmc rule CODE`).

A page is a line that names the fault, then these parts, each begun by its words at the start of a
line:

    """A rule whose every grant is taken away by other rules.

    What it does: finds ...

    Why is this bad: ...

    Bad:

    ```apparmor
    profile bad /bin/bad {
      /etc/secret r,  # found
      deny /etc/** r,
    }
    ```

    Good:

    ```apparmor
    profile good /bin/good {
      /etc/secret r,
    }
    ```

    How sure: exact.

    How to fix: remove the rule.
    """

There may be several blocks under `Bad:` and `Good:`, and prose between them.  The test
tests/lint/test_pages.py runs every block with this one check selected:

- A `Bad` block gives at least one finding of this code; a `Good` block gives none.
- Where lines of a `Bad` block end in a comment that begins with `# found`, the findings are on
  exactly these lines.  Further findings of the code at a marked line are not faults.
- No block has errors (LSM0xx), save those under `Bad, refused:`, which must have some.
- `# file: NAME` on a line of its own begins a file; what stands before the first one is the file
  `example`.  Names without a `/` are the files that are linted, all together.  Names with a `/`
  (`abstractions/own`, `tunables/global`, `local/x`) are there to be included: `include
  <abstractions/own>`.  Behind them the folder `profiles/` of lsmc is searched, so that
  `<abstractions/base>`, `<tunables/global>` and `<abi/4.0>` are always there; those abstractions
  use variables of `<tunables/global>`, so a file that includes one includes that first.
- `# file: lsmc.toml` is configuration, as beside the policy: `[checks.NAME]` tables reach the check
  as `tree.setting(CHECK, KEY)`; a top-level key such as `assertions` as
  `tree.settings[KEY]`.
'''
