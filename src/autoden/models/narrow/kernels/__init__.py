"""The arithmetic of chains of convolution layers, compiled to machine code (`autoden.native`)."""
