"""Tests of the layers round a profile: users and modes, capabilities, modules and their order."""
