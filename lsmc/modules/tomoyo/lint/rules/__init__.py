"""The checks, one file each; a file's docstring is the check's page (`lsmc rule CODE`).

Pages have the parts of those of the other modules, and blocks of the language `tomoyo`.  The test
tests/modules/tomoyo/lint/test_pages.py runs every block with this one check selected:

- A block is the file `domain_policy.conf`, or several files that begin at `# file: NAME`.
- A comment is a line of its own in this policy: `# found` at the end of a line marks where a
  finding is, and is taken away before the block is read.
- A `Bad` block gives at least one finding of this code, on exactly the marked lines if some are; a
  `Good` block gives none, and no block has errors.
"""
