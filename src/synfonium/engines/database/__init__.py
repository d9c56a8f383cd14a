"""SQL databases: one writer thread with group commit, a few reader threads."""
