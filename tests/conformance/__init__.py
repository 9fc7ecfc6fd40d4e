"""Runs lsmc on cases kept outside of this repository, and prints how many come out as they should."""
