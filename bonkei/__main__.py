"""`python -m bonkei` is `bonkei`."""

from bonkei.cli import main

main()
