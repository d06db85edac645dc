"""Chains of narrow 1D convolution layers, computed on a CPU by kernels made for them."""
