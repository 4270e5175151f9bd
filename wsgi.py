"""What the web server and the flask command load."""

from __future__ import annotations

import sys

from admin import create_app
from admin.config import SettingsError
from admin.operations.binding import BoundElsewhere

try:
    app = create_app()
except (SettingsError, BoundElsewhere) as error:
    sys.exit(str(error))
