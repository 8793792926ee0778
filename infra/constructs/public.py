"""What people reach from their messages: links, pages on which they decide what they get, surveys, forms, images."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from infra.constructs.data import ASSETS_PREFIX, Data
from infra.constructs.function import Function
from infra.constructs.ingest import Api, Ingest
from infra.constructs.messages import Messages
from infra.constructs.nag import acknowledge
from socle.settings import MessagesSettings

_READ, _DECIDE = ("GET", "HEAD"), ("GET", "HEAD", "POST")
PUBLIC_ROUTES = (
    ("/o/{token}", _READ, "The pixel of a mail: its signed token is all that a mail program can hold, and says whose it is."),
    ("/c/{token}", _READ, "A link of a mail leads only to the target that its signed token holds."),
    ("/unsubscribe/{token}", _DECIDE, "Whoever holds a mail may stop it: by RFC 8058 its signed token must be enough."),
    ("/preferences/{token}", _DECIDE, "The signed token of a mail shows and changes the choices of its own address only."),
    ("/confirm/{token}", _DECIDE, "The signed token was mailed to the address whose consent it confirms."),
    ("/surveys/{token}", _DECIDE, "The signed token of a mail answers for its own person only."),
    ("/forms/{name}", _DECIDE, "Forms are for visitors whom nobody knows yet; what they send is checked and limited."),
    ("/assets/{name}", _READ, "Images in mails are fetched by mail programs, which hold no credential; they are meant for all."),
)
"""Path, methods, and why nobody has to sign in."""


class Public(Construct):
    """`serve_public`, on the one HTTP API."""

    def __init__(self, scope: Construct, id_: str, *, data: Data, api: Api, ingest: Ingest, messages: Messages) -> None:
        super().__init__(scope, id_)
        function = self.serve_public = Function(
            self, "ServePublic", name="serve_public", house=messages.house, memory_mb=512, timeout=cdk.Duration.seconds(15),
            settings=MessagesSettings(**messages.settings()))
        function.may(["dynamodb:BatchGetItem", "dynamodb:UpdateItem"], [data.profiles.table_arn])
        function.may(["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"], [data.definitions.table_arn])
        function.may(["kinesis:PutRecords"], [ingest.stream.stream_arn])
        function.may(["secretsmanager:GetSecretValue"], [messages.links_secret.secret_arn])
        function.may(["s3:GetObject"], [function.objects(data.bucket, ASSETS_PREFIX)])
        # S3 says 404 of a missing object only to those who may list.
        function.lend("SeeWhatIsMissing", ["s3:ListBucket"], [data.bucket.bucket_arn],
                      {"StringLikeIfExists": {"s3:prefix": [f"{ASSETS_PREFIX}*"]}})
        function.lend_key(data.key, "dynamodb", writes=True)
        function.lend_key(data.key, "kinesis", writes=True)
        function.lend_key(data.key, "s3")
        function.lend_key(data.key, "secretsmanager")
        reasons = {path: reason for path, _, reason in PUBLIC_ROUTES}
        routes = [(method, path) for path, methods, _ in PUBLIC_ROUTES for method in methods]
        for (_, path), route in zip(routes, api.send(routes, function), strict=True):
            acknowledge(route, "APIG4", reasons[path])
