"""What a notification is, when somebody wants quiet, and which browsers are told."""
