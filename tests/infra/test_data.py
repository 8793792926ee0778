"""People's data is encrypted with our key, recoverable, and goes when it should."""

from __future__ import annotations

from typing import Any


def test_tables_are_encrypted_recoverable_and_let_items_expire(template: Any) -> None:
    tables = template.of_type("AWS::DynamoDB::Table")
    assert len(tables) == 3
    for table in tables.values():
        assert table["SSESpecification"]["SSEType"] == "KMS"
        assert template.name_of(table["SSESpecification"]["KMSMasterKeyId"]) in template.of_type("AWS::KMS::Key")
        assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["KeySchema"] == [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}]


def test_profiles_are_found_by_when_they_are_due(template: Any) -> None:
    for table in ("Profiles", "Restored"):
        (index,) = template.one("AWS::DynamoDB::Table", table)["GlobalSecondaryIndexes"]
        assert index["IndexName"] == "due"
        assert [key["AttributeName"] for key in index["KeySchema"]] == ["dueShard", "due"]
        assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def test_the_key_rotates(template: Any) -> None:
    assert template.one("AWS::KMS::Key")["EnableKeyRotation"] is True


def test_buckets_are_private_encrypted_and_tls_only(template: Any) -> None:
    policies = {template.name_of(policy["Bucket"]): policy["PolicyDocument"]["Statement"]
                for policy in template.of_type("AWS::S3::BucketPolicy").values()}
    for id_, bucket in template.of_type("AWS::S3::Bucket").items():
        assert all(bucket["PublicAccessBlockConfiguration"].values())
        assert bucket["BucketEncryption"]
        assert any(s["Effect"] == "Deny" and s["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
                   for s in policies[id_])


def test_the_bucket_is_under_our_key_versioned_and_logged(template: Any) -> None:
    bucket = template.one("AWS::S3::Bucket", "DataBucket")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert rule["BucketKeyEnabled"] is True
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert template.name_of(bucket["LoggingConfiguration"]["DestinationBucketName"]) in template.of_type("AWS::S3::Bucket")


def test_an_erasure_is_final_within_a_month_and_failed_records_wait_for_ever(template: Any) -> None:
    rules = template.one("AWS::S3::Bucket", "DataBucket")["LifecycleConfiguration"]["Rules"]
    everywhere = [rule for rule in rules if "Prefix" not in rule]
    assert [rule["NoncurrentVersionExpiration"]["NoncurrentDays"] <= 30 for rule in everywhere] == [True]
    for table in template.of_type("AWS::DynamoDB::Table").values():
        assert table["PointInTimeRecoverySpecification"]["RecoveryPeriodInDays"] <= 30
    assert {rule["Prefix"] for rule in rules if "ExpirationInDays" in rule} == {
        "exports/", "imports/", "uploads/", "import-runs/", "replays/", "quarantine/", "quality-runs/",
        "duplicate-runs/", "export-state/", "campaigns/", "queries/", "reports/rfm/", "segments/runs/"}


def test_prod_outlives_its_stack_and_dev_leaves_nothing(dev: Any, prod: Any) -> None:
    keeps = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Kinesis::Stream", "AWS::Cognito::UserPool",
             "AWS::SecretsManager::Secret")
    for stage, policies in ((dev, {"Delete"}), (prod, {"Retain", "RetainExceptOnCreate"})):
        assert {r["DeletionPolicy"] for r in stage.resources.values() if r["Type"] in keeps} == policies
    assert all(table["DeletionProtectionEnabled"] for table in prod.of_type("AWS::DynamoDB::Table").values())


def test_secrets_are_generated_and_under_our_key(template: Any) -> None:
    secrets = template.of_type("AWS::SecretsManager::Secret")
    assert len(secrets) == 2
    for secret in secrets.values():
        assert secret["GenerateSecretString"]["PasswordLength"] == 64
        assert "SecretString" not in secret
        assert template.name_of(secret["KmsKeyId"]) in template.of_type("AWS::KMS::Key")
