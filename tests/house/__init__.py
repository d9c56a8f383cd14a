"""The commands ./run and ./test, as a newcomer meets them."""
