"""One file an engine: what it is, how it is asked, how its answer is read. Pure."""
