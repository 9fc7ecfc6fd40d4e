"""The checks, one file each; a file's docstring is the check's page (`lsmc rule CODE`).

Pages have the parts of those of the other modules, and blocks of the language `smack`.  The test
tests/modules/smack/lint/test_pages.py runs every block with this one check selected:

- A block is the file `example.smack`, or several files that begin at `# file: NAME`, together a
  directory like /etc/smack.
- Smack has no comments: `# found` at the end of a line marks where a finding is, and is taken away
  before the block is read.
- A `Bad` block gives at least one finding of this code, on exactly the marked lines if some are; a
  `Good` block gives none, and no block has errors.
"""
