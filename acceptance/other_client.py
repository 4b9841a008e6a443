#!/usr/bin/env python3
"""A second opinion on what stands in a bucket: boto3, unmodified, with its own defaults.

    other_client.py get|put ENDPOINT BUCKET PREFIX FOLDER
"""

import os
import sys

import boto3


def get(client, bucket, prefix, folder):
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            path = os.path.join(folder, item["Key"][len(prefix):])
            os.makedirs(os.path.dirname(path), exist_ok=True)
            client.download_file(bucket, item["Key"], path)
            assert os.path.getsize(path) == item["Size"], item["Key"]


def put(client, bucket, prefix, folder):
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            client.upload_file(path, bucket, prefix + os.path.relpath(path, folder))


def main():
    verb, endpoint, bucket, prefix, folder = sys.argv[1:]
    config = boto3.session.Config(s3={"addressing_style": "path"})
    client = boto3.client("s3", endpoint_url=endpoint, config=config)
    {"get": get, "put": put}[verb](client, bucket, prefix, folder)


main()
