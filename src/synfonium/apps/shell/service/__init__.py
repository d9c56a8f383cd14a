"""The shell's use cases: home, state of the installation, the demonstration town."""
