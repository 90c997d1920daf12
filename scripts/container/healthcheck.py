"""Asks the server in this container whether it answers: ends with 0 if it does. ``/healthz`` tells no figures."""

from __future__ import annotations

import os
import ssl
import sys
from urllib.error import URLError
from urllib.request import urlopen

TIMEOUT = 4


def main() -> int:
    """0 where the server answers with 200."""
    encrypted = bool(os.environ.get("WEB_TLS_CERT"))
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE  # it is this container's own
    url = f"{'https' if encrypted else 'http'}://localhost:{os.environ.get('WEB_PORT') or 8000}/healthz"
    try:
        with urlopen(url, timeout=TIMEOUT, context=unchecked if encrypted else None) as answer:
            return 0 if answer.status == 200 else 1
    except (URLError, OSError) as error:
        print(f"{url}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
