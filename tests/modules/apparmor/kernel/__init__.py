"""Tests of the kernel's format."""
