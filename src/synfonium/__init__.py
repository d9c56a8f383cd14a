"""Synfonium: a whole cloud that anybody can run."""
