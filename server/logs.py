"""One log for all processes: structlog, to standard output, with the process's name."""

from __future__ import annotations

import logging
import sys

import structlog

from server.options import ServerOptions


def configure(options: ServerOptions, plane: str) -> None:
    """Set up logging for this process; `plane` is its name in every line."""
    level = logging.getLevelNamesMapping()[options.log_level.upper()]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if options.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(plane=plane)
    # Libraries speak through logging; only what is wrong is of interest, and never what callers said.
    logging.basicConfig(
        level=logging.WARNING, format=f"%(asctime)s [%(levelname)s] %(name)s: %(message)s plane={plane}"
    )
