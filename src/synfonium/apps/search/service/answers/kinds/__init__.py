"""The kinds of answers. A module here has `GATE` and `answer`; see `answers.registry`."""
