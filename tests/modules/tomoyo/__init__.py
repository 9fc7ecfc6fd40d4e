"""Tests of the TOMOYO module."""
