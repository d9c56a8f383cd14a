"""Personal computers: sandboxed processes of this machine."""
