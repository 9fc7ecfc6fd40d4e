"""Compiles many files: shares for processes, and what an edit leaves of an earlier run."""
