"""What web search promises, tried by the running installation: one check a promise, in `registry.py`."""
