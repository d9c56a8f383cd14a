"""Pieces that know nothing of Synfonium and could be released alone."""
