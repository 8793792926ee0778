"""An e-mail made of a template: links numbered and followed, a text beside the HTML, blocks, layouts, MJML."""

from __future__ import annotations

import re

import pytest

from socle.errors import Rejected
from socle.templates.model import Unrenderable
from tests.templates.letters import ZOE, Links, email, letter

MJML = """<mjml><mj-head><mj-title>{{ brand.name }}</mj-title></mj-head><mj-body>
{% for p in event.products %}<mj-section background-color="{{ p.color }}"><mj-column>
{% if p.hot %}<mj-text>Hot: <b>{{ p.name }}</b><br>& more</mj-text>{% endif %}
<mj-button href="https://shop.example/{{ p.id | url_encode }}?a=1&amp;b=2">Buy {{ p.name }}</mj-button>
<mj-image src='https://shop.example/p.png' alt='une "belle" image é 👩‍👩‍👧' />
</mj-column></mj-section>{% endfor %}</mj-body></mjml>"""
PRODUCTS = {**ZOE, "event": {"products": [{"id": "a/b", "name": "Tea & <milk>", "hot": True, "color": "#ffffff"},
                                          {"id": "c", "name": "Jam", "hot": False, "color": "#eeeeee"}]}}


def test_mjml_becomes_html_with_its_liquid_alive() -> None:
    html = letter(PRODUCTS, Links(), mjml=MJML).html
    assert "Hot: <b>Tea &amp; &lt;milk&gt;</b><br>& more" in html
    assert html.count("Hot:") == 1
    assert 'href="https://s/c/1?to=https://shop.example/a%2Fb?a=1&amp;b=2"' in html
    assert 'href="https://s/c/1?to=https://shop.example/c?a=1&amp;b=2"' in html
    assert 'alt="une &quot;belle&quot; image é 👩‍👩‍👧"' in html
    assert not re.search(r"lqm+\d+z|\{[{%]", html)


@pytest.mark.parametrize(("source", "line"), [
    ("<mjml>\n<mj-body>\n<mj-section>hello</mj-section></mj-body></mjml>", 3),
    ("<mjml>\n<mj-bodi></mj-bodi></mjml>", 2), ("<mjml><mj-body>", 1), ("<mj-section></mj-section>", 1),
    ("<mjml><mj-body>\n\n<mj-section><mj-column></mj-section></mj-column></mj-body></mjml>", 3),
    ("<mjml><mj-body><mj-include path='/etc/passwd' /></mj-body></mjml>", 1),
    ("<mjml><mj-body><mj-section>" + "<mj-column>" * 5_000, 1), ("<mjml><mj-body><p>x</p></mj-body></mjml>", 1),
    ("<mjml>{{ x }}<mj-body></mj-body></mjml>", 1)])
def test_broken_mjml_is_refused_with_its_line(source: str, line: int) -> None:
    with pytest.raises(Rejected) as refused:
        email(mjml=source)
    assert (refused.value.code, refused.value.field) == ("bad_mjml", "mjml")
    assert f"line {line}:" in refused.value.message


def test_links_are_numbered_in_the_order_of_their_first_appearance() -> None:
    made = email(html='<body><a href="https://a.example/?x=1&amp;y=é">A</a> <a href=\'https://b.example\'>B</a> '
                      '<A class="x" HREF=https://c.example>C</A> <a href="mailto:a@b.example">m</a> <a href="tel:+33">t</a>'
                      '<a href="#top">up</a> <a href="{{ links.unsubscribe }}">out</a> <a href="{{ traits.site }}">me</a></body>')
    assert made.links == [(1, "https://a.example/?x=1&y=é"), (2, "https://b.example"), (3, "https://c.example"),
                          (4, "{{ traits.site }}")]
    mail = made.render({"traits": {"site": "https://z.example/?a&b"}}, Links())
    assert re.findall(r'(?i)href="?([^"> ]+)', mail.html) == [  # type: ignore[union-attr]
        "https://s/c/1?to=https://a.example/?x=1&amp;y=é", "https://s/c/2?to=https://b.example",
        "https://s/c/3?to=https://c.example", "mailto:a@b.example", "tel:+33", "#top", "https://s/u?a=1&amp;b=2",
        "https://s/c/4?to=https://z.example/?a&amp;b"]


@pytest.mark.parametrize("site", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "", "ftp://x"])
def test_a_value_that_is_no_web_address_makes_no_link(site: str) -> None:
    with pytest.raises(Unrenderable) as refused:
        letter({"traits": {"site": site}}, Links(), html='<a href="{{ traits.site }}">x</a>')
    assert refused.value.code == "bad_link"
    assert not site or site not in refused.value.message  # it is a person's


def test_the_text_part_is_made_from_the_html() -> None:
    mail = letter(PRODUCTS, Links(), html="""<html><head><style>p {color: red}</style><title>T</title></head><body>
        <div style="display: none">hidden</div><h1>Hello &amp; welcome</h1><p>Dear {{ traits.firstName }},<br>look:</p>
        <ul>{% for p in event.products %}<li><a href="https://shop.example/{{ p.id }}">{{ p.name }}</a></li>{% endfor %}</ul>
        <p>&#123;&#123; not liquid }}</p><a href="https://shop.example"><img src="x.png" alt="Shop"></a></body></html>""")
    assert mail.text == (
        "Hello & welcome\n\nDear Zoé,\nlook:\n\n- Tea & <milk> (https://s/c/1?to=https://shop.example/a/b)\n"
        "- Jam (https://s/c/1?to=https://shop.example/c)\n\n{{ not liquid }}\n\nShop (https://s/c/2?to=https://shop.example)")


def test_what_goes_around_sections_of_a_wrapper_goes_around_them_in_the_text_too() -> None:
    mail = letter(PRODUCTS, mjml="""<mjml><mj-body><mj-wrapper>
        {% for p in event.products %}<mj-section><mj-column><mj-text>Try {{ p.name }}</mj-text></mj-column></mj-section>
        {% endfor %}{% if event.gift %}<mj-section><mj-column><mj-text>A gift</mj-text></mj-column></mj-section>{% endif %}
        </mj-wrapper></mj-body></mjml>""")
    assert mail.html.count("Try ") == 2
    assert "A gift" not in mail.html
    assert mail.text.split("\n\n") == ["Try Tea & <milk>", "Try Jam"]


def test_of_a_comment_only_what_guides_counts_in_the_text() -> None:
    html = ("<body><p>One</p><!-- {% if event.gift %} {{ event.secret }} --><p>A gift</p><!-- {% endif %} -->"
            "<!--[if mso]>{% raw %}{{ raw }}{% endraw %} Outlook<![endif]--><p>Two</p></body>")
    assert letter(PRODUCTS, html=html).text.split("\n\n") == ["One", "Two"]


def test_addresses_in_a_text_are_followed_with_the_number_they_have_in_the_html() -> None:
    made = email(html='<a href="https://a.example">A</a><a href="https://b.example">B</a>',
                 text="See https://b.example, (https://c.example/x?y=1) {{ links.unsubscribe }}.")
    assert made.links == [(1, "https://a.example"), (2, "https://b.example"), (3, "https://c.example/x?y=1")]
    assert made.render(ZOE, Links()).text == (  # type: ignore[union-attr]
        "See https://s/c/2?to=https://b.example, (https://s/c/3?to=https://c.example/x?y=1) https://s/u?a=1&b=2.")


def test_the_preheader_is_hidden_at_the_top_and_the_pixel_is_last() -> None:
    html = letter(None, Links(), html="<html><body class='x'>Hi</body></html>", preheader="For {{ traits.firstName }} <3").html
    assert re.search(r"<body class='x'><div style=\"display:none[^>]*>For Zoé &lt;3", html)
    assert re.search(r'<img src="https://s/o"[^>]*></body></html>$', html)
    assert "For Zoé" not in letter(html="<body>Hi</body>", preheader="For Zoé").text


def test_a_look_without_links_follows_nothing() -> None:
    html = letter(html='<body><a href="https://a.example">A</a><a href="{{ links.unsubscribe }}">out</a></body>').html
    assert 'href="https://a.example"' in html
    assert 'href="#unsubscribe"' in html


def test_blocks_and_layouts_are_put_in_before_mjml_is_read() -> None:
    mail = letter(
        PRODUCTS, Links(), layout={"mjml": "<mjml><mj-body>{{ content }}{% render 'foot' %}</mj-body></mjml>"},
        mjml="{% for p in event.products %}{% render 'product', it: p, label: 'Buy' %}{% endfor %}",
        blocks={"product": "<mj-section><mj-column><mj-text>{{ label }} {{ it.name }}</mj-text></mj-column></mj-section>",
                "foot": "<mj-section><mj-column><mj-text>{% render 'sign' %}</mj-text></mj-column></mj-section>",
                "sign": "<i>{{ brand.name }}</i>"},
        brand={"name": "Zoé & co"})
    assert [word in mail.html for word in ("Buy Tea &amp; &lt;milk&gt;", "Buy Jam", "<i>Zoé &amp; co</i>")] == [True] * 3


@pytest.mark.parametrize(("blocks", "code"), [
    ({"a": "{% render 'b' %}", "b": "{% render 'a' %}"}, "circle"), ({"a": "{% render 'b' %}"}, "unknown_block"),
    ({"a": "{% render b %}"}, "bad_liquid"), ({"a": "{% render 'b' for x in y %}", "b": ""}, "bad_liquid"),
    ({"a": "{% render 'b' %}" * 500, "b": "{% render 'c' %}" * 500, "c": "x" * 100}, "too_large")])
def test_blocks_that_cannot_be_put_together_are_refused(blocks: dict[str, str], code: str) -> None:
    with pytest.raises(Rejected) as refused:
        email(html="{% render 'a' %}", blocks=blocks)
    assert refused.value.code == code


@pytest.mark.parametrize("layout", [{"mjml": "<mjml>{{ content }}</mjml>"}, {"html": "<body></body>"},
                                    {"html": "{{ content }}{{content}}"}])
def test_a_layout_has_one_place_for_the_content_of_its_kind(layout: dict[str, str]) -> None:
    with pytest.raises(Rejected) as refused:
        email(html="x", layout=layout)
    assert refused.value.code == "bad_layout"


@pytest.mark.parametrize("name", ["A\r\nBcc: all@example.com", "A\nB", "A\x0bB", "A\u2028B", "A\x85B"])
def test_a_subject_is_one_line_whatever_people_are_called(name: str) -> None:
    subject = letter({"traits": {"firstName": name}}, subject="{{ traits.firstName }}", html="x").subject
    assert len(subject.splitlines()) == 1
    assert subject.startswith("A ")


@pytest.mark.parametrize(("parts", "code", "field"), [
    ({"subject": "{% if x %}a{% endif %}"}, "empty", "subject"), ({"subject": " \n "}, "empty", "subject"),
    ({"subject": "{{ traits.lastName }}"}, "undefined", "subject"), ({"subject": "x" * 600}, "too_long", "subject"),
    ({"html": "<p>{% if x %}a{% endif %}</p>"}, "empty", "html"), ({"html": "{{ event.total }}"}, "undefined", "html"),
    ({"html": None, "text": "{{ traits.lastName | upcase }}"}, "undefined", "text"),
    ({"html": "{{ 'x' | money }}"}, "liquid", "html"), ({"html": "x", "text": "{{ x }}"}, "undefined", "text")])
def test_who_would_get_a_broken_or_empty_mail_gets_none(parts: dict[str, str], code: str, field: str) -> None:
    with pytest.raises(Unrenderable) as refused:
        letter(**{"html": "x", **parts})
    assert (refused.value.code, refused.value.field) == (code, field)


def test_an_html_of_images_alone_is_not_empty() -> None:
    assert letter(html='<body><img src="https://x/y.png" alt=""></body>').text == ""


def test_the_template_names_its_sender_or_else_the_brand_does() -> None:
    brand = {"name": "Zoé", "sender": {"address": "hello@example.com"}, "reply_to": "us@example.com"}
    assert email(html="x", brand=brand).sender == ("hello@example.com", "Zoé", "us@example.com")
    own = email(html="x", brand=brand, sender={"address": "a@example.com", "name": "A"}, reply_to="b@example.com")
    assert (own.sender, own.own_sender) == (("a@example.com", "A", "b@example.com"), True)
    assert email(html="x").sender is None


def test_images_in_line_and_attachments_are_known_by_name() -> None:
    made = email(html="<img src=\"cid:logo.png\" alt=''><img src='cid:logo.png' alt=''>", attachments=["terms.pdf"])
    assert (made.inline, made.attachments) == (("logo.png",), ("terms.pdf",))
