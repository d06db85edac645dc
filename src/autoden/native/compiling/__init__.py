"""Machine code made of functions of arrays by numba, which is imported for nothing else.

Run as ``python -m autoden.native.compiling MARK MODULE NAME PARAMETERS KIND`` it compiles one
function, and writes the mark and an object file to standard output. It ends with who has run it.
"""
