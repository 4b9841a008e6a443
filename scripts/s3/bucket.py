#!/usr/bin/env python3
"""Makes the bucket of scripts/s3-server, unless it is there, and sees that it takes and gives back an object.

Reads the variables that `scripts/s3-server NAME env` prints. Needs nothing but Python itself. Exits 0 when the
server is ready, and otherwise 1 with what it said.
"""

import datetime
import hashlib
import hmac
import http.client
import os
import sys
import urllib.parse

ENDPOINT = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL_S3"])
REGION = os.environ["AWS_REGION"]


def keyed(key, text):
    return hmac.new(key, text.encode(), "sha256").digest()


def authorization(method, path, headers, payload_hash, now):
    """Signature version 4 over all headers, for a path that needs no escaping and a request without a query."""
    names = ";".join(sorted(headers))
    lines = [f"{name}:{headers[name]}" for name in sorted(headers)]
    request = "\n".join([method, path, "", *lines, "", names, payload_hash])
    scope = f"{now[:8]}/{REGION}/s3/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in scope.split("/"):
        key = keyed(key, part)
    signature = keyed(key, "\n".join(["AWS4-HMAC-SHA256", now, scope, digest])).hex()
    credential = f"{os.environ['AWS_ACCESS_KEY_ID']}/{scope}"
    return f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"


def ask(method, path, body=b""):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    payload_hash = hashlib.sha256(body).hexdigest()
    headers = {"host": ENDPOINT.netloc, "x-amz-content-sha256": payload_hash, "x-amz-date": now}
    headers["authorization"] = authorization(method, path, headers, payload_hash, now)
    connection = http.client.HTTPConnection(ENDPOINT.netloc, timeout=10)
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def expect(wanted, method, path, body=b""):
    status, answer = ask(method, path, body)
    if status not in wanted:
        sys.exit(f"{method} {path}: HTTP {status} {answer[:500].decode(errors='replace')}")
    return answer


def main():
    bucket = "/" + os.environ["S3_BUCKET"]
    # 409: it is there already. Some servers say 200 then.
    expect({200, 409}, "PUT", bucket)
    probe = bucket + "/.ready"
    expect({200}, "PUT", probe, b"ready")
    if expect({200}, "GET", probe) != b"ready":
        sys.exit("the bucket gave back other bytes than it took")
    expect({200, 204}, "DELETE", probe)


try:
    main()
except OSError as error:
    sys.exit(f"no answer: {error}")
