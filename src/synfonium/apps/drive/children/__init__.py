"""What runs in short-lived children that can harm nobody: reading text, and making pictures of files."""
