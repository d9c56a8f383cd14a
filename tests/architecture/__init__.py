"""The house's rules, each as a test that names what to do instead."""
