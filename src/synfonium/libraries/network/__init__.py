"""Talking to strangers' machines on purpose: which addresses may be met, and bounded requests."""
