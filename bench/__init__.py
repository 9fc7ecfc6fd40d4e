"""Measurements of lsmc beside its peers; see `python -m bench --help`."""
