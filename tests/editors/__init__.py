"""The editors' files against lsmc itself."""
