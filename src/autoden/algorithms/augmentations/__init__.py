"""Other views of a batch: elements moved (flips, rotations, crops) or noise added."""
