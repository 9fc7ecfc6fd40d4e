"""`python -m lsmc.cli` is the command `lsmc`."""

from lsmc.cli import main

main()
