"""What a PC is: pure and frozen."""
