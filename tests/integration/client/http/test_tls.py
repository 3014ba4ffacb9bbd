"""Over https: the certificate is checked, the wait is as short as without."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.integration.client.programs import IMPORT, run

SOURCE = (
    IMPORT
    + """
os.environ.pop("SSL_CERT_FILE", None)
if A["trusts"]: os.environ["SSL_CERT_FILE"] = A["trusts"]
fm.init(A["url"], "k", timeout=5)
fm.remember(task_type="t", model_id="m")(lambda q: q)("hello")
say(flushed=fm.flush(A["seconds"]), error=fm.stats()["last_error"])
"""
)


CERTIFICATE = Path(__file__).with_name("localhost.pem")


@pytest.fixture
def secure_url() -> Any:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(207)
            self.end_headers()
            self.wfile.write(b'{"accepted": 1, "duplicates": 0, "rejected": []}')

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_trusted_server_gets_it(secure_url: str) -> None:
    said = run(SOURCE, url=secure_url, trusts=str(CERTIFICATE), seconds=10).said

    assert said == {"flushed": True, "error": None}


def test_a_stranger_does_not(secure_url: str) -> None:
    said = run(SOURCE, url=secure_url, trusts=None, seconds=0.5).said

    assert said["flushed"] is False
    assert "CERTIFICATE_VERIFY_FAILED" in said["error"]
