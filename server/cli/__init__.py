"""`warmline`: the command line. Read `main.py` first; each other module is one command or group."""

import errno
import sys

from server.cli.main import app


def main() -> None:
    """Entry of the `warmline` command. A file or folder that cannot be read, made or written is named in one line."""
    try:
        app()
    except OSError as error:
        if error.filename is None and error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise  # nothing of the user's files
        what = f"{error.filename}: " if error.filename is not None else ""
        sys.exit(f"warmline: {what}{error.strerror}; check the path, its rights and the room on its disk")
