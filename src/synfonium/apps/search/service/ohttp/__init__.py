"""Oblivious HTTP (RFC 9458) for questions: who relays sees who asks, who answers sees what, and none both."""
