"""Serves S3 from memory, with one bucket, on a free port of this machine; prints the port.

usage: s3_server.py BUCKET

Requests are taken one at a time, so that create-if-absent is as atomic as a real store's.
"""

import os
import sys
import threading

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app))
threading.Thread(target=server.serve_forever).start()
boto3.client(
    "s3",
    endpoint_url=f"http://127.0.0.1:{server.port}",
    region_name=os.environ["AWS_REGION"],
).create_bucket(Bucket=sys.argv[1])
print(server.port, flush=True)
