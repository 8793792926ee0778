"""Webhooks: signed as Standard Webhooks asks, sent to public hosts only."""

from __future__ import annotations

import socket
import threading

import pytest

from socle.effects import webhook
from socle.effects.webhook import refuse_private, signed_headers, signing_secret
from socle.errors import Rejected, Unavailable


def test_the_signature_is_the_one_of_the_specification():
    """The example of the Standard Webhooks reference libraries."""
    headers = signed_headers("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330_000,
                             b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330")


def test_each_webhook_has_a_secret_of_its_own():
    assert signing_secret(b"master", "a") != signing_secret(b"master", "b")
    assert signing_secret(b"master", "a").startswith("whsec_")


@pytest.mark.parametrize("url", [
    "http://example.com/hook", "https://127.0.0.1/hook", "https://[::1]/", "https://10.0.0.8/", "https://169.254.169.254/latest",
    "https://192.168.1.1/", "https://0.0.0.0/", "https:///nohost", "ftp://example.com/", "https://100.64.0.1/",
])
def test_what_is_not_public_is_refused(url):
    with pytest.raises(Rejected):
        refuse_private(url)


def test_a_name_with_one_private_address_is_refused(monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("93.184.215.14", "10.1.2.3")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **how: found)
    with pytest.raises(Rejected):
        refuse_private("https://hooks.example.com/")


def test_a_public_host_is_fine(monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **how: found)
    refuse_private("https://hooks.example.com/")


def test_hosts_that_never_end_their_answer_hold_up_no_other(monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **how: found)
    end = threading.Event()

    def send(url, body, headers):
        return end.wait() if "slow" in url else 204

    monkeypatch.setattr(webhook, "send", send)
    monkeypatch.setattr(webhook, "DEADLINE_SECONDS", 0)
    try:
        for _ in range(40):
            with pytest.raises(Unavailable):
                webhook.post("https://slow.example.com/", b"", {})
        monkeypatch.setattr(webhook, "DEADLINE_SECONDS", 8)
        assert webhook.post("https://hooks.example.com/", b"", {}) == 204
    finally:
        end.set()
