"""`python -m popflix.sandbox`."""

import sys

from popflix.sandbox.main import main

sys.exit(main())
