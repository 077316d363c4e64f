"""The web process: `gunicorn wsgi:app`."""

from gateway.app import create_app
from gateway.settings import Settings

app = create_app(Settings.from_environment())
