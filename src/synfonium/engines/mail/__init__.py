"""Ways for letters out of the house."""
