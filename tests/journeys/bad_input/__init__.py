"""What is wrong gets a clear refusal with a stable code, and nothing is written."""
