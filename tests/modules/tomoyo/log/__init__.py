"""Tests of TOMOYO's records."""
