"""Only invited people with a second factor reach the admin API."""

from __future__ import annotations

from typing import Any


def test_every_admin_route_wants_a_token_of_our_pool_and_client(template: Any) -> None:
    routes = [r for r in template.of_type("AWS::ApiGatewayV2::Route").values() if " /api/" in r["RouteKey"]]
    assert {r["RouteKey"] for r in routes} == {f"{m} /api/{{proxy+}}" for m in ("GET", "POST", "PUT", "DELETE")}
    (authorizer_id,) = template.of_type("AWS::ApiGatewayV2::Authorizer")
    for route in routes:
        assert (route["AuthorizationType"], route["AuthorizerId"]) == ("JWT", {"Ref": authorizer_id})
    jwt = template.one("AWS::ApiGatewayV2::Authorizer")["JwtConfiguration"]
    assert [template.name_of(client) for client in jwt["Audience"]] == list(template.of_type("AWS::Cognito::UserPoolClient"))
    assert {"Ref": next(iter(template.of_type("AWS::Cognito::UserPool")))} in jwt["Issuer"]["Fn::Join"][1]


def test_preflights_of_the_admin_api_are_left_to_api_gateway(template: Any) -> None:
    # A route for ANY or OPTIONS would send them to the authorizer, which refuses them: they carry no token.
    methods = {r["RouteKey"].split()[0] for r in template.of_type("AWS::ApiGatewayV2::Route").values()}
    assert not methods & {"ANY", "OPTIONS", "$default"}


def test_nobody_signs_up_by_themselves_and_a_second_factor_is_required(template: Any) -> None:
    pool = template.one("AWS::Cognito::UserPool")
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert pool["MfaConfiguration"] == "ON"
    assert pool["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]
    assert pool["UserPoolAddOns"] == {"AdvancedSecurityMode": "ENFORCED"}
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] >= 12


def test_tokens_are_short_lived_and_answers_do_not_say_who_exists(template: Any) -> None:
    client = template.one("AWS::Cognito::UserPoolClient")
    assert (client["AccessTokenValidity"], client["TokenValidityUnits"]["AccessToken"]) == (60, "minutes")
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert client["EnableTokenRevocation"] is True
    assert "ALLOW_USER_PASSWORD_AUTH" not in client["ExplicitAuthFlows"]
    assert client["AllowedOAuthFlowsUserPoolClient"] is False
