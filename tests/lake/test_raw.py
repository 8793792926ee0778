"""Raw objects are written once, under a name that their batch alone decides."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from socle.events.model import Event
from socle.lake.raw import batch_name, decode_raw, encode_raw
from socle.lake.store import RawStore
from socle.profiles.model import Aggregate
from tests.people import T0, event


def test_a_batch_names_itself_by_shard_and_sequence_numbers():
    assert batch_name("shard-1", ["1", "2", "3"]) == batch_name("shard-1", ["1", "2", "3"])
    assert len({batch_name("shard-1", ["1", "2", "3"]), batch_name("shard-1", ["1", "3"]), batch_name("shard-2", ["1", "2", "3"]),
                batch_name("shard-1", ["1", "2x", "3"])}) == 4


def test_events_come_back_from_a_raw_object_as_they_were():
    one = event(1, properties={"name": "line\u2028separator \ud83d\ude00"})._replace(unlinked=(("email", "a@b.c"),))
    event_row, profile_row = decode_raw(encode_raw({"p": [one]}, [Aggregate("p", 3)]))
    assert (Event.from_json(event_row), event_row["profile"]) == (one, "p")
    assert (profile_row["row"], profile_row["version"]) == ("profile", 3)


def test_an_object_that_is_there_stays_as_it_is():
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="bucket")
        store = RawStore(s3, "bucket")
        store.save("shard-1-1-3-abc", T0, b"first")
        store.save("shard-1-1-3-abc", T0, b"second")
        [found] = s3.list_objects_v2(Bucket="bucket")["Contents"]
        assert found["Key"] == "raw/dt=2023-11-14/shard-1-1-3-abc.ndjson.gz"
        assert s3.get_object(Bucket="bucket", Key=found["Key"])["Body"].read() == b"first"


class Refusing:
    """S3 that refuses, for no reason that another batch could mend."""

    def put_object(self, **asked):
        raise ClientError({"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "PutObject")


def test_an_object_that_s3_refuses_is_not_taken_for_kept():
    with pytest.raises(ClientError):
        RawStore(Refusing(), "bucket").save("shard-1-1-3-abc", T0, b"first")
