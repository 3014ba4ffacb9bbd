"""The WSGI application; in the embedded default the background work starts with it."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "featurememory.settings")
application = get_wsgi_application()

if os.environ.get("FM_SERVING") == "embedded":
    from featurememory.runner import start

    start()
