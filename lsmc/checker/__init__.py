"""Checks of policy: what compiles and is still wrong."""
