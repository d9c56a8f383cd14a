"""Words every room shares: ids, times, byte counts, problems. Pure and frozen; no I/O."""
