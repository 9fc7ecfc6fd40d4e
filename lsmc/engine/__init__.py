"""Decides: a compiled policy, its subjects, and the verdict on a request."""
