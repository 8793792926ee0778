"""A recompute on the local machine: a segment that nobody is in yet, and everybody should be."""

from __future__ import annotations

import json

import boto3

from infra.local import workflows
from infra.local.machine import LocalMachine

ADMIN = {"authorization": "Bearer local-admin-token", "content-type": "application/json"}


def recompute_segments(machine: LocalMachine) -> None:
    """Whoever was there before the segment is told to look again, and is in."""
    body = json.dumps({"when": {"type": "everyone"}}).encode()
    assert machine.request("PUT", "/api/segments/everybody", ADMIN, body)[0] < 300
    machine.drain()
    listed = boto3.client("stepfunctions").list_state_machines()["stateMachines"]
    machines = {one["name"]: one["stateMachineArn"] for one in listed}
    for part in ("Lake", "Segments"):
        (arn,) = [arn for name, arn in machines.items() if part in name]
        workflows.run(arn, {})
    bucket = machine.outputs["BucketName"]
    found = json.loads(boto3.client("s3").get_object(Bucket=bucket, Key="reports/segments.json")["Body"].read())
    assert found["segments"]["everybody"] == found["profiles"] > 0
    assert (found["ticks"] > 0, found["drift"]) == (True, 0)
    machine.drain()
