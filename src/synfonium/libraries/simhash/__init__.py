"""Texts that are nearly the same, found among millions by fingerprints."""

from synfonium.libraries.simhash.fingerprints import NEAR, Fingerprint, distance, fingerprint, simhash

__all__ = ["NEAR", "Fingerprint", "distance", "fingerprint", "simhash"]
