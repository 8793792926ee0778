"""A mail's bytes: whatever people write comes back from the standard library's parser, and no field holds a second one."""

from __future__ import annotations

import email
import email.policy
import email.utils
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from socle.channels import headers
from socle.channels.mime import MAX_BYTES, build
from socle.channels.model import NotSent
from socle.messages.model import File, Mail, Sender
from tests.channels.letters import SENDER, Links, message

UNICODE = st.characters(codec="utf-8")
WORDS = st.text(UNICODE, max_size=200)
BODIES = st.text(st.one_of(UNICODE, st.sampled_from("\n\r =<t.é€日\t")), max_size=600)
PNG = bytes(range(256)) * 20


def read(raw: bytes) -> Any:
    return email.message_from_bytes(raw, policy=email.policy.default)


def text_of(found: Any, subtype: str) -> str:
    """A part as it was written: policies add or drop no line's end."""
    part = found.get_body((subtype,))
    return "" if part is None else str(part.get_payload(decode=True), "utf-8")


def name_of(raw: bytes) -> str:
    """Of whom a mail is from, as RFC 2047 has it read; the newer parser puts spaces between encoded words."""
    written = email.message_from_bytes(raw, policy=email.policy.compat32)["From"].replace("\r\n", "")
    phrase = written.rpartition(" <")[0]
    if phrase.startswith("="):
        return str(make_header(decode_header(phrase)))
    return email.utils.parseaddr(written)[0]


def lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")


@given(subject=WORDS, html=BODIES, text=BODIES, name=WORDS)
@example(subject="=?utf-8?b?eA==?=", html="<t" * 400, text=".", name='a "b" \\')
@example(subject="x" * 900, html="a\n.\nFrom me \n" + "<tr>é" * 300, text=" ", name="é" * 100)
@example(subject="a\r\nBcc: x@y.example", html="日" * 500, text="\r", name="a\nb")
def test_what_is_written_is_read_again(subject: str, html: str, text: str, name: str) -> None:
    raw = build(Mail(subject, html, text), "u+1@example.com", Sender("news@shop.example", name), message())
    found = read(raw)
    assert str(found["subject"]) == headers.one_line(subject)
    assert found["from"].addresses[0].addr_spec == "news@shop.example"
    assert name_of(raw) == headers.one_line(name)
    assert text_of(found, "html") == lines(html)
    assert text_of(found, "plain") == lines(text) or not text
    assert not found.defects
    assert all(len(line) <= 76 for line in raw.partition(b"\r\n\r\n")[2].split(b"\r\n"))
    assert all(len(line) <= 100 and line.isascii() for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n"))
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_a_line_break_is_a_space() -> None:
    found = read(build(Mail("Hello\r\nBcc: x@y.example", "", "t"), "u@example.com", Sender("a@b.example", "A\nB"), message()))
    assert (found["subject"], found["from"].addresses[0].display_name) == ("Hello Bcc: x@y.example", "A B")


@given(value=st.text(st.one_of(UNICODE, st.sampled_from("\r\n:\x00\x85\u2028")), max_size=60))
def test_no_value_makes_a_second_field(value: str) -> None:
    raw = build(Mail(value, "<p>x</p>", "x", (File(value, "text/plain", b"x"),)), "u@example.com",
                Sender("news@shop.example", value), message(), Links.unsubscribe)
    found = read(raw)
    assert sorted(found.keys()) == sorted([
        "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID",
        "Content-Type"])
    [attached] = found.iter_attachments()
    assert sorted(attached.keys()) == ["Content-Disposition", "Content-Transfer-Encoding", "Content-Type"]
    assert attached.get_content() == "x"


@pytest.mark.parametrize(("address", "code"), [
    ("zoé@example.com", "smtputf8_needed"), ("nobody", "invalid_address"), ("a@b", "invalid_address"),
    ("a@b.example\r\nBcc: c@d.example", "invalid_address"), ("a b@example.com", "invalid_address"),
    ("a@b.example>", "invalid_address"), ("a@-b.example", "invalid_address"), ("@example.com", "invalid_address"),
    ("a..b@example.com", "invalid_address"), (f"{'a' * 65}@example.com", "invalid_address"), ("a@b,c.example", "invalid_address"),
    ("a@xn--\u2028.example", "invalid_address"), ("", "invalid_address")])
def test_what_is_no_address_is_refused(address: str, code: str) -> None:
    with pytest.raises(NotSent) as refused:
        build(Mail("s", "", "t"), address, SENDER, message())
    assert (refused.value.code, refused.value.again, refused.value.stop) == (code, False, False)


@pytest.mark.parametrize(("written", "carried"), [
    ("zoe+news@bücher.example", "zoe+news@xn--bcher-kva.example"), ("o'neil@example.com", "o'neil@example.com"),
    ("x_y=z@a.b.example.co.uk", "x_y=z@a.b.example.co.uk"), ("A@日本語.example", "A@xn--wgv71a119e.example")])
def test_plus_addresses_and_foreign_domains_are_carried(written: str, carried: str) -> None:
    found = read(build(Mail("s", "", "t"), written, Sender(written), message()))
    assert (found["to"], found["from"]) == (carried, carried)


def test_one_click_to_unsubscribe_is_offered_for_marketing_alone() -> None:
    marketing = read(build(Mail("s", "<p>x</p>", "x"), "u@example.com", SENDER, message(), Links.unsubscribe))
    assert marketing["List-Unsubscribe"] == f"<{Links.unsubscribe}>"
    assert marketing["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert marketing["Feedback-ID"].startswith("autumn:news:a:")
    plain = read(build(Mail("s", "<p>x</p>", "x"), "u@example.com", SENDER, message()))
    assert plain["List-Unsubscribe"] is None
    assert plain["Feedback-ID"] is None


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://a.example/>\r\nBcc: x", "https://a.example/" + "t" * 901, "x"])
def test_a_link_to_unsubscribe_that_mail_programs_would_not_take_is_refused(link: str) -> None:
    with pytest.raises(NotSent, match="unsubscribe"):
        build(Mail("s", "<p>x</p>", "x"), "u@example.com", SENDER, message(), link)


def test_images_stand_beside_the_html_and_attachments_after_both() -> None:
    files = (File("logo.png", "image/png", PNG, "logo"),
             File("Rechnung für März 2026 – " + "x" * 60 + ".pdf", "application/pdf", b"%PDF"))
    found = read(build(Mail("s", '<img src="cid:logo">', "x", files), "u@example.com", SENDER, message()))
    assert found.get_content_type() == "multipart/mixed"
    related, attachment = found.iter_parts()
    assert related.get_content_type() == "multipart/related"
    alternative, image = related.iter_parts()
    assert [part.get_content_type() for part in alternative.iter_parts()] == ["text/plain", "text/html"]
    assert (image["Content-ID"], image.get_content(), image.get_filename()) == ("<logo>", PNG, "logo.png")
    assert image.get_content_disposition() == "inline"
    assert (attachment.get_content(), attachment.get_filename()) == (b"%PDF", files[1].name)


def test_an_image_without_html_is_an_attachment() -> None:
    found = read(build(Mail("s", "", "x", (File("logo.png", "image/png", PNG, "logo"),)), "u@example.com", SENDER, message()))
    assert [part.get_content_type() for part in found.iter_parts()] == ["text/plain", "image/png"]


@pytest.mark.parametrize("file", [File("a", "image/png\r\nX: y", b""), File("a", "png", b""), File("a", "image/png", b"", "a>b")])
def test_a_file_that_mail_can_not_carry_is_refused(file: File) -> None:
    with pytest.raises(NotSent) as refused:
        build(Mail("s", "<p>x</p>", "x", (file,)), "u@example.com", SENDER, message())
    assert refused.value.code == "bad_file"


def test_a_mail_that_is_too_large_is_refused() -> None:
    with pytest.raises(NotSent) as refused:
        build(Mail("s", "<p>x</p>", "x", (File("a", "image/png", bytes(MAX_BYTES)),)), "u@example.com", SENDER, message())
    assert refused.value.code == "too_large"


def test_the_same_message_is_the_same_bytes() -> None:
    twice = [build(Mail("é", "<p>é</p>", "x"), "u@example.com", SENDER, message(), Links.unsubscribe) for _ in range(2)]
    assert twice[0] == twice[1]
    found = read(twice[0])
    assert found["Message-ID"] == "<p2abcdefghijklmnopq-0123456789abcdef0123-1@shop.example>"
    assert found["Date"].datetime.timestamp() == message().at / 1000
    assert (found["from"].addresses[0].display_name, found["reply-to"]) == ("Léa & Söhne", "help@shop.example")


def test_latin_text_is_quoted_and_other_scripts_take_the_smaller_encoding() -> None:
    def encodings(text: str) -> list[str]:
        found: EmailMessage = read(build(Mail("s", text, "x"), "u@example.com", SENDER, message()))
        return [str(part["Content-Transfer-Encoding"]) for part in found.iter_parts()]

    french = '<p class="intro">Déjà vu, à bientôt dans votre magasin</p>'
    assert encodings(french * 50) == ["quoted-printable", "quoted-printable"]
    assert encodings("<p>" + "こんにちは、世界" * 50 + "</p>") == ["quoted-printable", "base64"]
