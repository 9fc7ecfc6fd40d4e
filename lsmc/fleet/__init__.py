"""Logs of many machines, summarised part by part on an engine for distributed work."""
