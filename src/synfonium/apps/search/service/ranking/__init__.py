"""The second look: in which order a reader wants the pages that the index found."""
