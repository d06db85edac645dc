"""HDF5 and NeXus: the format, and what is known of its parts."""
