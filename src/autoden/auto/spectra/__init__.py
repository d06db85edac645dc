"""Spectra as `denoise` sees them, and what a mixture of them may choose from."""
