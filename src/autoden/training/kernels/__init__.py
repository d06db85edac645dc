"""Functions of arrays that are compiled to machine code (`autoden.native`)."""
