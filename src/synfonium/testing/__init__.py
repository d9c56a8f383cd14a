"""What app and engine authors test with: the suites of the ports, a client, factories."""
