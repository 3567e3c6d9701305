"""`python -m luthier` is the same as `luthier`."""

import sys

from luthier.cli.main import main

sys.exit(main())
