"""Signed bundles of an index: what one installation crawled, published for others to take in.

The format is decided in docs/decisions/0051-index-bundles.md.
"""
