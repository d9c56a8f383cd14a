"""Tests of identity, on real engines in a temporary home."""
