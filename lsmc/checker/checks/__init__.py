"""The checks, one file each; a file's docstring is the check's page."""
