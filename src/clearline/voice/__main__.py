"""`python -m clearline.voice`: see `process`."""

import sys

from clearline.voice.process import main

main(sys.argv[1:])
