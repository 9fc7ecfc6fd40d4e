"""Explanations: the rules behind a verdict, near misses, causes in a log and their remedies."""
