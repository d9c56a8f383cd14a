"""Places and a map of our own, from extracts of GeoNames and OpenStreetMap that an operator imports."""
