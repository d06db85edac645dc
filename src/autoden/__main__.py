"""Run the command line with ``python -m autoden``."""

from autoden.cli import main

if __name__ == "__main__":
    main()
