"""Tests of causes, their diagnosis and their remedies."""
