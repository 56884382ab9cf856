"""``python -m clustersim``, and the command's script."""

import sys

try:
    from clustersim.cli.main import main
except KeyboardInterrupt:  # while the program is loaded there is nothing to tidy up
    sys.exit(130)

if __name__ == "__main__":
    main()
