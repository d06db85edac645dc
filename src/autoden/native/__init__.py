"""Functions of arrays as machine code: compiled once per installation, and kept on disk.

Numba compiles them, in processes of their own; those that use them load what it made and never
import it, which would take a second and 85 MB. Functions to be compiled are written
with `autoden.native.compiling`, in packages called ``kernels``, which nothing that runs imports.
"""
