"""Header fields of a mail: folded, encoded (RFC 2047, RFC 2231), and never able to hold a second field. Pure.

Values come from people and from templates. Line breaks and other control characters in them become spaces; an address is checked
by its form, so nothing in one can be read as another field.
"""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from urllib.parse import quote

from socle.channels.model import NotSent

MAX_LINE = 76
"""Characters of a line before it is folded; RFC 5322 advises 78."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_PLAIN = re.compile(r"(?!.*=\?)[!-~]{1,60}(?: [!-~]{1,60})*")
"""What may stand as it is: ASCII words with single spaces, nothing that looks like an encoded word."""
_WORD_BYTES = 42
"""UTF-8 bytes of an encoded word: 56 characters of base64 and 12 around them, within the 75 of RFC 2047."""
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}")
_QUOTABLE = re.compile(r"[\x20-\x7e]{1,60}")
_LINK = re.compile(r"https?://[!-;=?-~]{1,900}")
_FILE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_KIND = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,100}")
_NO_TOKEN = re.compile(r"[^A-Za-z0-9_-]")
_CID = re.compile(r"[A-Za-z0-9_.@-]{1,100}")


def one_line(text: str) -> str:
    """`text` without control characters and without spaces around it."""
    return _CONTROL.sub(" ", text).strip()


def token(text: str) -> str:
    """`text` as one word of letters, digits, `_` and `-`, as a tag of SES is."""
    return _NO_TOKEN.sub("-", text)[:100]


def unstructured(name: str, text: str) -> str:
    """A field of free text, as lines: `Subject: …`."""
    text = one_line(text)
    if not text or _PLAIN.fullmatch(text):
        return _folded(f"{name}: {text}")
    return f"{name}: " + encoded_words(text)


def encoded_words(text: str) -> str:
    """RFC 2047: words of base64, one a line, none of which cuts a character."""
    words: list[str] = []
    piece: list[bytes] = []
    size = 0
    for character in text:
        encoded = character.encode()
        if size + len(encoded) > _WORD_BYTES:
            words.append(_word(piece))
            piece, size = [], 0
        piece.append(encoded)
        size += len(encoded)
    words.append(_word(piece))
    return "\r\n ".join(words)


def _word(piece: list[bytes]) -> str:
    return f"=?utf-8?b?{base64.b64encode(b''.join(piece)).decode()}?="


def _folded(line: str) -> str:
    if len(line) <= MAX_LINE:
        return line
    lines, current = [], ""
    for word in line.split(" "):
        if current and len(current) + 1 + len(word) > MAX_LINE and current[-1] != ":":
            lines.append(current)
            current = word
        else:
            current = f"{current} {word}" if current else word
    return "\r\n ".join([*lines, current])


@lru_cache(1024)
def address(text: str, code: str = "invalid_address") -> str:
    """An address as SMTP carries it: the domain in punycode. SES has no SMTPUTF8: the local part is ASCII.

    Raises NotSent(`code`, or `smtputf8_needed`).
    """
    local, at, domain = text.strip().rpartition("@")
    if not local.isascii():
        raise NotSent("smtputf8_needed", "the part before the @ has letters that SES can't carry: use another address")
    if domain and not domain.isascii():
        domain = _punycode(domain)
    if not at or len(local) > 64 or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise NotSent(code, "this is not an e-mail address: it has the form name@domain")
    return f"{local}@{domain}"


def _punycode(domain: str) -> str:
    import idna

    try:
        return idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return ""


@lru_cache(256)
def mailbox(field: str, name: str, text: str) -> str:
    """`From: "Name" <address>`. Raises NotSent(`invalid_sender`)."""
    where, name = address(text, "invalid_sender"), one_line(name)
    if not name:
        return f"{field}: {where}"
    if _QUOTABLE.fullmatch(name) and "=?" not in name:
        phrase = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        phrase = encoded_words(name)
    return f"{field}: {phrase}\r\n <{where}>"


def unsubscribe(link: str) -> str:
    """List-Unsubscribe and List-Unsubscribe-Post, by which mail programs offer one click (RFC 2369, RFC 8058).

    Raises NotSent(`no_unsubscribe_link`).
    """
    if not _LINK.fullmatch(link):
        raise NotSent("no_unsubscribe_link", "a marketing mail has a link to unsubscribe, of at most 900 characters", stop=True)
    return f"List-Unsubscribe: <{link}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click"


@lru_cache(256)
def of_file(name: str, kind: str, cid: str) -> str:
    """The fields of a part that is a file. Raises NotSent(`bad_file`)."""
    name = one_line(name) or "file"
    if not _KIND.fullmatch(kind) or (cid and not _CID.fullmatch(cid)):
        raise NotSent("bad_file", f"a file has a media type like image/png, and an id of letters and digits: mend {name[:40]}",
                      stop=True)
    plain = _FILE_NAME.fullmatch(name) is not None
    lines = [f"Content-Type: {kind}", "Content-Transfer-Encoding: base64"]
    if cid:
        lines.append(f"Content-ID: <{cid}>")
    shown = f'filename="{name}"' if plain else _extended("filename", name)
    return "\r\n".join([*lines, f"Content-Disposition: {'inline' if cid else 'attachment'};\r\n {shown}"])


def _extended(parameter: str, text: str) -> str:
    """RFC 2231, in pieces when it is long: `filename*0*=utf-8''…; filename*1*=…`."""
    whole = "utf-8''" + quote(text, safe="")
    pieces: list[str] = re.findall(r"(?:%..|[^%]){1,20}", whole)
    if len(pieces) == 1:
        return f"{parameter}*={pieces[0]}"
    return ";\r\n ".join(f"{parameter}*{number}*={piece}" for number, piece in enumerate(pieces))
