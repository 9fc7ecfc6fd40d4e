"""Keeps compiled policy between runs: what a run saw and made, and what of it still holds."""
