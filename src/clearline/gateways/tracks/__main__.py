"""`python -m clearline.gateways.tracks`: see `process`."""

import sys

from clearline.gateways.tracks.process import main

main(sys.argv[1:])
