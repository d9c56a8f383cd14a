"""SQL over the tables `notifications_*`."""
