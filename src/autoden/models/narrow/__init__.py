"""Chains of convolution layers, computed on a CPU by kernels made for them."""
