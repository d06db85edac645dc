"""Results and trained methods as files."""
