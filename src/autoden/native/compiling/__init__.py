"""Machine code made of functions of arrays by numba, which is imported for nothing else.

Run as ``python -m autoden.native.compiling MODULE NAME PARAMETERS KIND`` it compiles one function
and writes an object file to standard output.
"""
