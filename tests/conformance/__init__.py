"""Runs lsmc on cases kept outside of this repository, and counts those that come out right."""
