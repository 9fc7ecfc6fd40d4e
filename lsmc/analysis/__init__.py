"""Analyses of whole languages of requests: differences, transitions, what rules match."""
