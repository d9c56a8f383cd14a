"""What an operator owes to others: to leave out what must not be found, and to answer who asks for it."""
