"""TIFF: the format, its pages, and what other programs read in them."""
