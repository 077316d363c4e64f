"""Runs a WSGI application on a port of this machine, quietly, for as long as it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from wsgiref.types import WSGIApplication

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server


class QuietHandler(WSGIRequestHandler):
    """Says nothing about requests: their query strings hold phone numbers."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def server(app: WSGIApplication, host: str = "127.0.0.1", port: int = 0) -> BaseWSGIServer:
    """A thread for each request. Port 0 takes any free one."""
    return make_server(host, port, app, threaded=True, request_handler=QuietHandler)


@contextmanager
def serving(app: WSGIApplication) -> Iterator[str]:
    """Yields the base URL, such as `http://127.0.0.1:40123`."""
    running = server(app)
    thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}"
    finally:
        running.shutdown()
        running.server_close()
        thread.join()
