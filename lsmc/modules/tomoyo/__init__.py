"""The TOMOYO module: domains by execution history, and lines that grant."""
