"""`python -m clearline.cli` is `clearline`."""

from clearline.cli import main

main()
