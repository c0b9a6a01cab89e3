"""``python -m fakturahub`` is the command line."""

from fakturahub.cli import main

main()
