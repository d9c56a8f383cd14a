"""Asking other engines, when a person or the operator wishes it, with nothing but the words.

Each engine is one file in `engines/`; no list of them stands anywhere else.
"""
