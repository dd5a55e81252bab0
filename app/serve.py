"""The web process: gunicorn around the application, on loopback."""

from typing import Any

from gunicorn.app.base import BaseApplication

from app.factory import create_app
from app.wiring import Installation

THREADS = 16


class _Server(BaseApplication):
    """Gunicorn without its command line and its files."""

    def __init__(self, at: Installation, bind: str) -> None:
        self._at = at
        self._bind = bind
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": self._bind,
            "workers": 1,
            "worker_class": "gthread",
            "threads": THREADS,
            # Longer than the carrier waits (15 s): a slow answer is the carrier's to give up on, not ours.
            "timeout": 60,
            "graceful_timeout": 8,
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:  # noqa: ANN401 - a WSGI application
        return create_app(self._at)


def serve(at: Installation) -> None:
    """Serve until SIGTERM."""
    _Server(at, f"127.0.0.1:{at.settings.port}").run()
