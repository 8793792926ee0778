"""The invocation record that Lambda writes to S3 for a batch of a stream that it gives up. Pure.

Source: Lambda developer guide, "Retain discarded batch records for a Kinesis Data Streams event source": facts about
the batch, then `payload`, the event that the function was to get, as an escaped JSON string.
"""

from __future__ import annotations

import base64
import re
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field, Json, NonNegativeInt, ValidationError

from socle.errors import Rejected
from socle.events.group import Record
from socle.failed.model import Facts

_PAYLOAD = re.compile(rb',\s*"payload"\s*:')
"""Where the last field begins: nowhere else, since quotes within a JSON string are escaped."""


class _Request(BaseModel):
    condition: str


class _Batch(BaseModel):
    shardId: str
    batchSize: NonNegativeInt
    approximateArrivalOfFirstRecord: AwareDatetime


class _Document(BaseModel):
    requestContext: _Request
    timestamp: AwareDatetime
    KinesisBatchInfo: _Batch


class _Kinesis(BaseModel):
    partitionKey: Annotated[str, Field(min_length=1, max_length=256)]
    data: str


class _Record(BaseModel):
    kinesis: _Kinesis


class _Event(BaseModel):
    Records: list[_Record]


class _Payload(BaseModel):
    payload: Json[_Event]


def facts(data: bytes) -> Facts | None:
    """What the document says about its batch; None when it does not. Its beginning up to `payload` is enough."""
    cut = _PAYLOAD.search(data)
    try:
        found = _Document.model_validate_json(data[: cut.start()] + b"}" if cut else data)
    except ValidationError:
        return None
    batch = found.KinesisBatchInfo
    return Facts(_ms(found.timestamp), batch.shardId, batch.batchSize, found.requestContext.condition,
                 _ms(batch.approximateArrivalOfFirstRecord))


def records(data: bytes) -> list[Record]:
    """The records of the batch as they were on the stream. Raises Rejected(`unreadable`), naming the place."""
    try:
        found = _Payload.model_validate_json(data)
        return [Record(one.kinesis.partitionKey, base64.b64decode(one.kinesis.data, validate=True))
                for one in found.payload.Records]
    except ValidationError as error:
        # Names of fields and pydantic's reason, never its text: that quotes the records, which hold people's data.
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise _unreadable(f"{where}: {first['type']}") from error
    except ValueError as error:
        raise _unreadable("data that is not base64") from error


def _unreadable(reason: str) -> Rejected:
    return Rejected("unreadable", f"this is not a batch as Lambda writes it ({reason}): look at the object under "
                    "aws/lambda/ in the bucket, and repair or delete it there")


def _ms(moment: AwareDatetime) -> int:
    return round(moment.timestamp() * 1_000)
