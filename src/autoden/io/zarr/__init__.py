"""Zarr and OME-Zarr: the format, its stores and its axes."""
