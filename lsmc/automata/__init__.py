"""Regular languages over bytes; knows no policy."""
