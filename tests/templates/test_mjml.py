"""MJML becomes HTML that fetches nothing from elsewhere."""

from __future__ import annotations

from socle.templates.mjml import to_html


def test_no_font_is_fetched_from_elsewhere_unless_the_template_asks_for_one() -> None:
    text = "<mj-text font-family='Ubuntu, Open Sans'>x</mj-text>"
    body = f"<mj-body><mj-section><mj-column>{text}</mj-column></mj-section></mj-body>"
    assert "googleapis" not in to_html(f"<mjml>{body}</mjml>")
    own = "<mj-head><mj-font name='Ubuntu' href='https://shop.example.com/ubuntu.css' /></mj-head>"
    assert "https://shop.example.com/ubuntu.css" in to_html(f"<mjml>{own}{body}</mjml>")
