"""What the doctor looks at. Each check reads, and yields what it found."""
