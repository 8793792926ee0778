"""The stack, as the architecture drawing has it: each part is told which parts it stands on."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from infra.constructs.admin import Admin
from infra.constructs.campaigns import Campaigns
from infra.constructs.data import Data
from infra.constructs.duplicates import Duplicates
from infra.constructs.exports import Exports
from infra.constructs.function import House
from infra.constructs.imports import Imports
from infra.constructs.ingest import Api, Ingest
from infra.constructs.journeys import Journeys
from infra.constructs.lake import Lake
from infra.constructs.layers import Layers
from infra.constructs.messages import Messages
from infra.constructs.observability import Observability
from infra.constructs.public import Public
from infra.constructs.quality import Quality
from infra.constructs.replay import Replay
from infra.constructs.rfm import Rfm
from infra.constructs.schedules import Schedules
from infra.constructs.segments import Segments
from infra.constructs.segments_api import SegmentsApi
from infra.settings import StageSettings


class Socle(cdk.Stack):
    """All of Socle in one stage. AWS names the resources; the outputs say what they are called."""

    def __init__(self, scope: Construct, stage: StageSettings) -> None:
        super().__init__(
            scope, f"Socle-{stage.name}",
            description=f"Socle, a customer data platform ({stage.name})",
            termination_protection=stage.keep,
            analytics_reporting=False,
            # The CLI checks the bootstrap version itself; as a template parameter it needs an account to resolve it.
            synthesizer=cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
            tags={"app": "socle", "stage": stage.name},
        )
        data = Data(self, "Data", stage=stage)
        layers = Layers(self, "Layers")
        house = House(stage, layers.all)
        api = Api(self, "Api", stage=stage, house=house)
        ingest = Ingest(self, "Ingest", stage=stage, house=house, data=data, api=api)
        messages = Messages(self, "Messages", stage=stage, house=house, data=data, api=api, ingest=ingest,
                            messaging=layers.messaging)
        messages.let_confirm(ingest.run_effects)
        admin = Admin(self, "Admin", stage=stage, house=messages.house, data=data, api=api, ingest=ingest)
        messages.open_to(admin.serve_admin)
        public = Public(self, "Public", data=data, api=api, ingest=ingest, messages=messages)
        schedules = Schedules(self, "Schedules", house=house, data=data, ingest=ingest)
        replay = Replay(self, "Replay", house=house, data=data)
        quality = Quality(self, "Quality", house=house, data=data, ingest=ingest, schedules=schedules)
        quality.open_to(admin.serve_admin)
        imports = Imports(self, "Imports", house=house, data=data, api=api, ingest=ingest, analytics=layers.analytics)
        imports.open_to(admin.serve_admin, data)
        duplicates = Duplicates(self, "Duplicates", house=house, data=data, schedules=schedules, analytics=layers.analytics)
        duplicates.open_to(admin.serve_admin)
        lake = Lake(self, "Lake", house=house, data=data, schedules=schedules, analytics=layers.analytics)
        exports = Exports(self, "Exports", house=house, data=data, schedules=schedules, analytics=layers.analytics)
        exports.open_to(admin.serve_admin, data)
        rfm = Rfm(self, "Rfm", house=house, data=data, ingest=ingest, schedules=schedules, analytics=layers.analytics)
        rfm.open_to(admin.serve_admin, data)
        segments = Segments(self, "Segments", house=house, data=data, ingest=ingest, schedules=schedules,
                            analytics=layers.analytics)
        segments_api = SegmentsApi(self, "SegmentsApi", house=house, data=data, analytics=layers.analytics)
        segments_api.open_to(admin.serve_admin, data, {"lake_machine": lake.machine, "recompute_machine": segments.machine})
        campaigns = Campaigns(self, "Campaigns", house=house, data=data, messages=messages, schedules=schedules,
                              analytics=layers.analytics)
        campaigns.open_to(admin.serve_admin, data)
        journeys = Journeys(self, "Journeys", house=house, data=data, ingest=ingest, messages=messages, schedules=schedules,
                            analytics=layers.analytics)
        journeys.let_run(ingest.run_effects)
        journeys.open_to(admin.serve_admin, data)
        observability = Observability(self, "Observability", stage=stage, data=data, api=api, ingest=ingest,
                                      admin=admin, schedules=schedules, replay=replay, quality=quality,
                                      imports=imports, duplicates=duplicates, exports=exports, lake=lake, rfm=rfm,
                                      segments=segments, segments_api=segments_api, messages=messages, public=public,
                                      campaigns=campaigns, journeys=journeys)
        for name, value in {
            "ApiUrl": api.url,
            "UserPoolId": admin.users.user_pool_id,
            "UserPoolClientId": admin.client.user_pool_client_id,
            "BucketName": data.bucket.bucket_name,
            "ProfilesTable": data.profiles.table_name,
            "RestoredTable": data.restored.table_name,
            "ReplayMachine": replay.machine.state_machine_arn,
            "DefinitionsTable": data.definitions.table_name,
            "StreamName": ingest.stream.stream_name,
            "EffectsQueueUrl": ingest.effects.queue_url,
            "FeedbackTopic": messages.topic.topic_arn,
            "DashboardUrl": f"https://{self.region}.console.aws.amazon.com/cloudwatch/home?region={self.region}"
                            f"#dashboards/dashboard/{observability.dashboard.dashboard_name}",
        }.items():
            cdk.CfnOutput(self, name, value=value)
