"""Real and hostile inputs for tests: where they come from and how they are served."""
