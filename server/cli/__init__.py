"""`warmline`: the command line. Read `main.py` first; each other module is one command or group."""

from server.cli.main import app


def main() -> None:
    """Entry of the `warmline` command."""
    app()
