"""Which of five apps reaches which other, computed from their manifests; and each of it done."""
