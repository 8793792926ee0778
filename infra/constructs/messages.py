"""Messages: how they leave (SES, SNS), what signs their links, and what is heard of them afterwards."""

from __future__ import annotations

import json

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.data import ASSETS_PREFIX, Data
from infra.constructs.function import Function, House
from infra.constructs.ingest import Api, Ingest
from infra.constructs.nag import acknowledge
from infra.settings import StageSettings
from socle.settings import MessagesSettings, SendSettings

EVENT_TYPES = ("SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "REJECT", "DELIVERY_DELAY", "RENDERING_FAILURE", "SUBSCRIPTION")
"""What SES tells us. Not OPEN and CLICK: links and pixels are our own, and SES would rewrite every link."""


class Messages(Construct):
    """`send_message` (single messages), `receive_feedback`, and what senders need: `configuration_set`, `links_secret`.

    `feedback` is the queue behind the topic to which SES reports; `feedback_dead_letters` what could not be read.
    """

    def __init__(self, scope: Construct, id_: str, *, stage: StageSettings, house: House, data: Data, api: Api, ingest: Ingest,
                 messaging: lambda_.ILayerVersion) -> None:
        super().__init__(scope, id_)
        self._stage, self._data, self._api, self._stream = stage, data, api, ingest.stream
        self.house = House(stage, [*house.layers, messaging])
        self.links_secret = secretsmanager.Secret(
            self, "LinksSecret", description=f"Socle {stage.name}: signs links in messages", encryption_key=data.key,
            generate_secret_string=secretsmanager.SecretStringGenerator(password_length=64, exclude_punctuation=True),
            removal_policy=house.removal_after_creation)
        acknowledge(self.links_secret, "SMG4", "Links in mails that people keep are signed with it for more than a year. A new "
                    "key is put on a line before the old ones, by hand, and these stay readable: a schedule would drop them.")
        self.topic, self.feedback, self.feedback_dead_letters = self._feedback()
        self.configuration_set = self._configuration_set()
        self.identity = self._identity()
        self.receive_feedback = self._receive_feedback(house)
        self.send_message = Function(
            self, "SendMessage", name="send_message", house=self.house, memory_mb=1_024,
            # It ends before serve_admin gives up waiting, and that before API Gateway does.
            timeout=cdk.Duration.seconds(25), settings=self.send_settings())
        self.let_send(self.send_message)
        self.send_message.lend_key(data.key, "s3")

    def settings(self) -> dict[str, str]:
        """The fields of MessagesSettings."""
        data = self._data
        return {"profiles_table": data.profiles.table_name, "definitions_table": data.definitions.table_name,
                "bucket": data.bucket.bucket_name, "stream_name": self._stream.stream_name,
                "links_secret_arn": self.links_secret.secret_arn, "public_url": self._api.url}

    def send_settings(self) -> SendSettings:
        """What a function is told that sends."""
        return SendSettings(
            **self.settings(), configuration_set=self.configuration_set.ref,
            signing_secret_arn=self._data.signing_secret.secret_arn,
            push_applications=json.dumps(self._stage.push_applications, sort_keys=True))

    def let_send(self, function: Function) -> None:
        """Grant everything that sending takes: to read people and definitions, to claim, to send, to tell the stream."""
        data = self._data
        function.may(["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:ConditionCheckItem", "dynamodb:PartiQLUpdate"],
                     [data.profiles.table_arn])
        # DeleteItem: a coupon code that somebody gets leaves its pool.
        function.may(["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
                     [data.definitions.table_arn])
        function.may(["kinesis:PutRecords"], [self._stream.stream_arn])
        function.may(["secretsmanager:GetSecretValue"], [self.links_secret.secret_arn, data.signing_secret.secret_arn])
        function.may(["s3:GetObject"], [function.objects(data.bucket, ASSETS_PREFIX)])
        # SES asks for the second when a mail is MIME, whatever the call is named.
        function.may(["ses:SendEmail", "ses:SendRawEmail"], self._sends_as(function))
        function.may(["ses:GetAccount"], ["*"])
        acknowledge_role(function, "IAM5[Resource::*]", "ses:GetAccount, which tells the sending rate, knows no resources.")
        self._let_notify(function)
        function.lend_key(data.key, "dynamodb", writes=True)
        function.lend_key(data.key, "kinesis", writes=True)
        function.lend_key(data.key, "secretsmanager")

    def _sends_as(self, function: Function) -> list[str]:
        """The ARNs of the identity and of the configuration set: SES checks both."""
        stack = cdk.Stack.of(self)
        if self._stage.mail_domain is None:
            acknowledge_role(function, f"IAM5[Resource::{_ses_arn('identity')}/*]",
                             "Without the setting mail_domain nobody knows yet which identities of the account may be used.")
        return [stack.format_arn(service="ses", resource="identity", resource_name=self._stage.mail_domain or "*"),
                stack.format_arn(service="ses", resource="configuration-set", resource_name=self.configuration_set.ref)]

    def _let_notify(self, function: Function) -> None:
        """SMS and push. A telephone number is no resource: what is no ARN of SNS is allowed, so no topic and no endpoint is."""
        function.add_to_role_policy(iam.PolicyStatement(actions=["sns:Publish"], not_resources=["arn:*:sns:*:*:*"]))
        acknowledge_role(function, "IAM5[Resource::arn:*:sns:*:*:*]", "It is what is left out: telephone numbers remain.")
        applications = list(self._stage.push_applications.values())
        if not applications:
            return
        function.may(["sns:CreatePlatformEndpoint"], applications)
        endpoints = [application.replace(":app/", ":endpoint/", 1) + "/*" for application in applications]
        function.may(["sns:Publish"], endpoints)
        for endpoint in endpoints:
            acknowledge_role(function, f"IAM5[Resource::{endpoint}]", "SNS names the endpoint of each device itself.")

    def _feedback(self) -> tuple[sns.Topic, sqs.Queue, sqs.Queue]:
        key, here = self._data.key, {"StringEquals": {"aws:SourceAccount": cdk.Stack.of(self).account}}
        topic = sns.Topic(self, "Feedback", display_name=f"Socle {self._stage.name}: what became of messages", master_key=key,
                          enforce_ssl=True)
        # Two-way SMS comes through the same topic: answers such as STOP.
        reporters = [iam.ServicePrincipal("ses.amazonaws.com"), iam.ServicePrincipal("sms-voice.amazonaws.com")]
        topic.add_to_resource_policy(iam.PolicyStatement(
            sid="ReportsOfThisAccount", principals=reporters, actions=["sns:Publish"], resources=[topic.topic_arn],
            conditions=here))
        key.add_to_resource_policy(iam.PolicyStatement(
            sid="ReportsOfThisAccount", principals=reporters, actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=["*"], conditions=here))  # in a key's policy: this key
        # SNS names the topic, not the account, and the topic needs the key first: no condition could name it here.
        key.add_to_resource_policy(iam.PolicyStatement(
            sid="TopicsToQueues", principals=[iam.ServicePrincipal("sns.amazonaws.com")],
            actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=["*"]))
        dead_letters = sqs.Queue(self, "FeedbackDeadLetters", encryption=sqs.QueueEncryption.KMS, encryption_master_key=key,
                                 enforce_ssl=True, retention_period=cdk.Duration.days(14))
        queue = sqs.Queue(
            self, "FeedbackQueue", encryption=sqs.QueueEncryption.KMS, encryption_master_key=key, enforce_ssl=True,
            # Shorter than the dead letters': a message keeps the time of its first queueing when it moves there.
            retention_period=cdk.Duration.days(10), visibility_timeout=cdk.Duration.minutes(6),  # six times the time-out
            # Some ten hours of tries: a bounce that is not heard is a person who gets the next mail too.
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=100))
        for target in (queue, dead_letters):
            target.add_to_resource_policy(iam.PolicyStatement(
                sid="FromTheTopic", principals=[iam.ServicePrincipal("sns.amazonaws.com")], actions=["sqs:SendMessage"],
                resources=[target.queue_arn], conditions={"ArnEquals": {"aws:SourceArn": topic.topic_arn}}))
        sns.CfnSubscription(self, "FeedbackSubscription", topic_arn=topic.topic_arn, protocol="sqs", endpoint=queue.queue_arn,
                            raw_message_delivery=True, redrive_policy={"deadLetterTargetArn": dead_letters.queue_arn})
        return topic, queue, dead_letters

    def _configuration_set(self) -> ses.CfnConfigurationSet:
        made = ses.CfnConfigurationSet(
            self, "ConfigurationSet",
            delivery_options=ses.CfnConfigurationSet.DeliveryOptionsProperty(tls_policy="REQUIRE"),
            reputation_options=ses.CfnConfigurationSet.ReputationOptionsProperty(reputation_metrics_enabled=True),
            sending_options=ses.CfnConfigurationSet.SendingOptionsProperty(sending_enabled=True),
            # Ours is the one list: whom staff release there, SES would go on to refuse by its own.
            suppression_options=ses.CfnConfigurationSet.SuppressionOptionsProperty(suppressed_reasons=[]))
        destination = ses.CfnConfigurationSetEventDestination(
            self, "EventDestination", configuration_set_name=made.ref,
            event_destination=ses.CfnConfigurationSetEventDestination.EventDestinationProperty(
                enabled=True, matching_event_types=list(EVENT_TYPES),
                sns_destination=ses.CfnConfigurationSetEventDestination.SnsDestinationProperty(topic_arn=self.topic.topic_arn)))
        policy = self.topic.node.find_child("Policy")
        destination.node.add_dependency(policy)  # SES tries the topic out at once
        return made

    def _identity(self) -> ses.CfnEmailIdentity | None:
        """The domain that mails come from, with the records that prove it and sign them as outputs."""
        domain = self._stage.mail_domain
        if domain is None:
            return None
        made = ses.CfnEmailIdentity(
            self, "Identity", email_identity=domain,
            dkim_attributes=ses.CfnEmailIdentity.DkimAttributesProperty(signing_enabled=True),
            mail_from_attributes=ses.CfnEmailIdentity.MailFromAttributesProperty(
                mail_from_domain=f"bounce.{domain}", behavior_on_mx_failure="USE_DEFAULT_VALUE"))
        made.apply_removal_policy(self.house.removal_after_creation)
        stack = cdk.Stack.of(self)
        tokens = ((made.attr_dkim_dns_token_name1, made.attr_dkim_dns_token_value1),
                  (made.attr_dkim_dns_token_name2, made.attr_dkim_dns_token_value2),
                  (made.attr_dkim_dns_token_name3, made.attr_dkim_dns_token_value3))
        for number, (name, value) in enumerate(tokens, 1):
            cdk.CfnOutput(stack, f"DkimRecord{number}", value=f"{name} CNAME {value}")
        cdk.CfnOutput(stack, "MailFromRecords", value=(
            f"bounce.{domain} MX 10 feedback-smtp.{stack.region}.amazonses.com ; "
            f"bounce.{domain} TXT v=spf1 include:amazonses.com ~all"))
        return made

    def _receive_feedback(self, house: House) -> Function:
        data = self._data
        function = Function(
            self, "ReceiveFeedback", name="receive_feedback", house=house, memory_mb=512, timeout=cdk.Duration.minutes(1),
            settings=MessagesSettings(**self.settings()))
        function.may(["dynamodb:BatchGetItem", "dynamodb:UpdateItem", "dynamodb:PartiQLUpdate"], [data.profiles.table_arn])
        function.may(["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"],
                     [data.definitions.table_arn])
        function.may(["kinesis:PutRecords"], [self._stream.stream_arn])
        function.lend("ReadQueueByMapping", ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
                                             "sqs:ChangeMessageVisibility"], [self.feedback.queue_arn])
        for service in ("dynamodb", "kinesis", "sqs"):
            function.lend_key(data.key, service, writes=True)
        mapping = lambda_.CfnEventSourceMapping(
            self, "ReceiveFeedbackMapping", function_name=function.function_name, event_source_arn=self.feedback.queue_arn,
            # Many at a time: their rows are written 25 to a call, and three of four belong to mails of one minute.
            batch_size=100, maximum_batching_window_in_seconds=self._stage.batch_window_seconds,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=lambda_.CfnEventSourceMapping.ScalingConfigProperty(maximum_concurrency=10))
        mapping.node.add_dependency(function.role)
        return function

    def let_confirm(self, run_effects: Function) -> None:
        """Let effects ask people by mail to confirm a subscription."""
        run_effects.add_environment("SOCLE_SEND_FUNCTION", self.send_message.function_name)
        run_effects.may(["lambda:InvokeFunction"], [self.send_message.function_arn])

    def open_to(self, serve_admin: Function) -> None:
        """Let the admin API send single messages, and wait for what becomes of them; and keep the images of messages."""
        serve_admin.add_environment("SOCLE_SEND_FUNCTION", self.send_message.function_name)
        serve_admin.may(["lambda:InvokeFunction"], [self.send_message.function_arn])
        bucket = self._data.bucket
        serve_admin.may(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], [serve_admin.objects(bucket, ASSETS_PREFIX)])
        serve_admin.may(["s3:ListBucket"], [bucket.bucket_arn], {"StringLikeIfExists": {"s3:prefix": [f"{ASSETS_PREFIX}*"]}})


def acknowledge_role(function: Function, rule: str, reason: str) -> None:
    """Let a finding about a function's role stand."""
    role = function.role
    assert role is not None  # noqa: S101 (for the type checker)
    acknowledge(role, rule, reason)


def _ses_arn(resource: str) -> str:
    """As cdk-nag writes an ARN of this stack."""
    return f"arn:<AWS::Partition>:ses:<AWS::Region>:<AWS::AccountId>:{resource}"
