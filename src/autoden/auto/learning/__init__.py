"""Methods, and how they learn and compete on parts of the data."""
