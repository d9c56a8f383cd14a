"""Ways for events from one app to the others."""
