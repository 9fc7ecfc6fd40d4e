"""Exact comparison of lines: what one grants that others do not, with an access that shows it."""
