"""What we ask of an engine: protocols whose docstrings are the engine's obligations."""
