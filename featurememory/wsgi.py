"""The WSGI application; embedded, the background worker starts with it."""

import gc
import os
import sys

from django.core.wsgi import get_wsgi_application

from featurememory.http.trusted_proxies import trust_proxies
from featurememory.process.one_stop import take_first_stop

if "FM_SERVING" in os.environ:
    take_first_stop()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "featurememory.settings")
if not os.environ.get("FM_DATABASE_URL"):
    # The REST framework loads PostgreSQL's driver, 9 MB, for fields that nobody uses on SQLite.
    sys.modules.setdefault("psycopg", None)  # type: ignore[arg-type]
# It would also load this, 6 MB, for a client of its own; sign-in at a provider loads it when it has to.
sys.modules.setdefault("requests", None)  # type: ignore[arg-type]
application = trust_proxies(get_wsgi_application())
if sys.modules["requests"] is None:
    del sys.modules["requests"]

if "FM_SERVING" in os.environ:
    from integration.client_wheel import built_wheel
    from integration.startup import build_struct_tables

    build_struct_tables()
    built_wheel()
    # What is imported stays: a full collection that looks through it stops all requests for 50 ms.
    gc.collect()
    gc.freeze()

if "FM_SERVING" in os.environ:
    from django.conf import settings

    from featurememory.http.connections.slow_clients import BodyReads, ConnectionWatch
    from featurememory.http.connections.worker_slots import WorkerSlots

    reads = BodyReads()
    application = WorkerSlots(application, reads)  # type: ignore[assignment]
    ConnectionWatch(reads, settings.CONNECTIONS_PER_ADDRESS).start()

if "FM_SERVING_AT" in os.environ:
    from integration import startup

    ready = startup.prepare_start(terminal=sys.stdout.isatty())
    print(startup.format_announcement(ready, os.environ["FM_SERVING_AT"]), flush=True)

if os.environ.get("FM_SERVING") == "embedded":
    from integration.embedded_worker import start_worker

    # Requests and the learner share one interpreter lock: a request that waits for it gets it after
    # 1 ms instead of 5, several times a request.
    sys.setswitchinterval(0.001)
    start_worker()
