"""Results as pages and in notebooks."""
