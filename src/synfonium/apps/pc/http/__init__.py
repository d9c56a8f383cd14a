"""Pages and doors of PCs."""
