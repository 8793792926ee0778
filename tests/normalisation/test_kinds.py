"""Every kind of value comes to one form, or says by a stable code why it does not."""

from __future__ import annotations

import pytest

from socle.normalisation.companies import siren, siret, vat_number
from socle.normalisation.countries import country
from socle.normalisation.dates import birth_date, day_of
from socle.normalisation.emails import email
from socle.normalisation.languages import language
from socle.normalisation.model import Reading
from socle.normalisation.names import name, text
from socle.normalisation.postal import postal_code

LATEST = day_of(1_700_000_000_000)  # 2023-11-15, where it is that already


def read(form: str) -> Reading:
    """`=x`: normalised to x; anything else is a flag."""
    return Reading(form[1:]) if form.startswith("=") else Reading(None, form)


@pytest.mark.parametrize(("sent", "form"), [
    ("Jane@Shop.Example", "=jane@shop.example"), (" jane.doe+x@a.co.uk\n", "=jane.doe+x@a.co.uk"),
    ("o'hara@shop.example", "=o'hara@shop.example"), ("JÉRÔME@École.FR", "=jérôme@xn--cole-9oa.fr"),
    ("je\u0301ro\u0302me@shop.example", "=jérôme@shop.example"), ("a@straße.de", "=a@xn--strae-oqa.de"),
    ("a@XN--STRAE-OQA.de", "=a@xn--strae-oqa.de"), ("a@ｓｈｏｐ.example", "=a@shop.example"),
    ("jane", "not_an_email"), ("jane@shop", "not_an_email"), ("jane@shop.test", "not_an_email"), ("a@b.local", "not_an_email"),
    ("a..b@shop.example", "not_an_email"), (".a@shop.example", "not_an_email"), ("a@-shop.example", "not_an_email"),
    ("Jane <jane@shop.example>", "not_an_email"), ("a@b.de,c@d.de", "not_an_email"), ('"a b"@shop.example', "not_an_email"),
    ("a@[127.0.0.1]", "not_an_email"), ("a" * 65 + "@shop.example", "not_an_email"), ("a@" + "b" * 64 + ".de", "not_an_email"),
    ("a@" + "b." * 126 + "de", "not_an_email"), ("a@xn--a.de", "not_an_email"), ("mailto:a@shop.example", "not_an_email"),
])
def test_an_email_address(sent: str, form: str) -> None:
    assert email(sent) == read(form)


@pytest.mark.parametrize(("sent", "form"), [
    ("  Jane \t Doe ", "=Jane Doe"), ("JEAN-PIERRE", "=Jean-Pierre"), ("o'brien", "=O'Brien"), ("D’ARTAGNAN", "=D’Artagnan"),
    ("McDonald", "=McDonald"), ("van der Berg", "=van der Berg"), ("ÉLODIE", "=Élodie"), ("e\u0301lodie", "=Élodie"),
    ("JD", "=JD"), ("Li", "=Li"), ("山田 太郎", "=山田 太郎"), ("ИВАН", "=Иван"), ("Jane\u200b\u202e", "=Jane"),
    ("12345", "not_a_name"), ("-", "not_a_name"), ("jane@shop.example", "not_a_name"),
])
def test_a_name(sent: str, form: str) -> None:
    assert name(sent) == read(form)


def test_the_name_of_a_company_is_not_touched_but_for_space() -> None:
    assert text("  KESTREL  & Co ") == Reading("KESTREL & Co")
    assert text("\u200b") == Reading(None), "nothing is left: it stays as sent"


@pytest.mark.parametrize(("sent", "form"), [
    ("FR", "=FR"), ("fr", "=FR"), ("FRA", "=FR"), ("France", "=FR"), ("  ALLEMAGNE ", "=DE"), ("Germany", "=DE"),
    ("uk", "=GB"), ("The Netherlands", "=NL"), ("Pays-Bas", "=NL"), ("Côte d'Ivoire", "=CI"), ("cote d’ivoire", "=CI"),
    ("Etats Unis", "=US"), ("U.S.A.", "=US"), ("Bosnia and Herzegovina", "=BA"), ("St Lucia", "=LC"), ("Türkiye", "=TR"),
    ("Kosovo", "=XK"), ("RÉUNION", "=RE"), ("Narnia", "unknown_country"), ("XX", "unknown_country"), ("33", "unknown_country"),
])
def test_a_country(sent: str, form: str) -> None:
    assert country(sent) == read(form)


@pytest.mark.parametrize(("sent", "form"), [
    ("fr", "=fr"), ("fr_FR", "=fr-FR"), ("EN-us", "=en-US"), ("zh-hans-cn", "=zh-Hans-CN"), ("fra", "=fr"), ("fre", "=fr"),
    ("ger", "=de"), ("French", "=fr"), ("français", "=fr"), ("Deutsch", "=de"), ("en_US.UTF-8", "=en-US"), ("iw-IL", "=he-IL"),
    ("es-419", "=es-419"), ("ca-ES-valencia", "=ca-ES-valencia"), ("gsw", "=gsw"), ("sr_Latn", "=sr-Latn"),
    ("xx", "unknown_language"), ("fr-XX-1", "unknown_language"), ("fr,en;q=0.8", "unknown_language"), ("C", "unknown_language"),
    ("klingonish", "unknown_language"),
])
def test_a_language(sent: str, form: str) -> None:
    assert language(sent) == read(form)


@pytest.mark.parametrize(("sent", "form"), [
    ("1990-05-31", "=1990-05-31"), ("1990/5/1", "=1990-05-01"), ("1990.05.31", "=1990-05-31"), ("31/12/1990", "=1990-12-31"),
    ("12/31/1990", "=1990-12-31"), ("31.05.1990", "=1990-05-31"), ("01.05.1990", "=1990-05-01"), ("07/07/1990", "=1990-07-07"),
    ("19900531", "=1990-05-31"), ("20011990", "=1990-01-20"), ("5 mai 1990", "=1990-05-05"), ("1er février 1980", "=1980-02-01"),
    ("May 5th, 1990", "=1990-05-05"), ("05 Aug 1990", "=1990-08-05"), ("1990-05-01T00:00:00.000Z", "=1990-05-01"),
    ("1990-05-01 00:00:00", "=1990-05-01"), ("2000-02-29", "=2000-02-29"), ("2023-11-15", "=2023-11-15"),
    ("01/02/1990", "ambiguous_date"), ("31/05/90", "ambiguous_date"), ("1990-04-30T22:00:00.000Z", "ambiguous_date"),
    ("1990-05-01 13:45", "ambiguous_date"), ("2023-11-16", "implausible_date"), ("1900-01-01", "implausible_date"),
    ("0001-01-01", "implausible_date"), ("01/01/1800", "implausible_date"), ("1990-02-30", "not_a_date"), ("soon", "not_a_date"),
    ("--05-31", "not_a_date"), ("1990", "not_a_date"), ("641520000000", "not_a_date"), ("1990-05/31", "not_a_date"),
])
def test_a_date_of_birth(sent: str, form: str) -> None:
    assert birth_date(sent, LATEST) == read(form)


def test_without_a_clock_no_date_is_in_the_future() -> None:
    assert birth_date("2999-01-01").value == "2999-01-01"


@pytest.mark.parametrize(("sent", "of", "form"), [
    ("75001", "FR", "=75001"), ("F-75 001", "FR", "=75001"), ("sw1a1aa", "GB", "=SW1A 1AA"), ("M1 1AE", "GB", "=M1 1AE"),
    ("1012ab", "NL", "=1012 AB"), ("k1a0b6", "CA", "=K1A 0B6"), ("11455", "SE", "=114 55"), ("SE-114 55", "SE", "=114 55"),
    ("00950", "PL", "=00-950"), ("1000001", "JP", "=100-0001"), ("12345-6789", "US", "=12345-6789"), ("12345", "US", "=12345"),
    ("d02x285", "IE", "=D02 X285"), ("1050", "LV", "=LV-1050"), ("AD500", "AD", "=AD500"), ("L-1234", "LU", "=1234"),
    ("9 99", None, "=9 99"), (" 12 3  x", "PE", "=12 3 x"),
    ("7500", "FR", "not_a_postal_code"), ("SW1A", "GB", "not_a_postal_code"), ("75001", "GB", "not_a_postal_code"),
    ("٧٥٠٠١", "FR", "not_a_postal_code"),
])
def test_a_postal_code(sent: str, of: str | None, form: str) -> None:
    assert postal_code(sent, of) == read(form)


def test_a_postal_code_that_was_sent_as_a_number_gets_its_zeroes_back() -> None:
    assert postal_code("1000", "FR", is_number=True) == Reading("01000")
    assert postal_code("950", "PL", is_number=True) == Reading("00-950")
    assert postal_code("1012", "NL", is_number=True) == Reading(None, "not_a_postal_code")


@pytest.mark.parametrize(("sent", "form"), [
    ("732 829 320", "=732829320"), ("732829320", "=732829320"), ("732829321", "not_a_siren"), ("7328293", "not_a_siren"),
    ("٧٣٢٨٢٩٣٢٠", "not_a_siren"), ("abc", "not_a_siren"),
])
def test_a_siren(sent: str, form: str) -> None:
    assert siren(sent) == read(form)


@pytest.mark.parametrize(("sent", "form"), [
    ("732 829 320 00074", "=73282932000074"), ("35600000049837", "=35600000049837"),  # La Poste has a rule of its own
    ("73282932000075", "not_a_siret"), ("732829320", "not_a_siret"),
])
def test_a_siret(sent: str, form: str) -> None:
    assert siret(sent) == read(form)


@pytest.mark.parametrize(("sent", "of", "form"), [
    ("fr 40 303 265 045", None, "=FR40303265045"), ("40303265045", "FR", "=FR40303265045"), ("DE136695976", "FR", "=DE136695976"),
    ("EL094259216", None, "=EL094259216"), ("094259216", "GR", "=EL094259216"), ("gb980780684", None, "=GB980780684"),
    ("CHE-107.787.577 IVA", None, "=CHE107787577IVA"), ("NO 995 525 828 MVA", None, "=NO995525828MVA"),
    ("FR41303265045", None, "not_a_vat_number"), ("40303265045", None, "not_a_vat_number"),
    ("US123456789", "US", "not_a_vat_number"), ("none", None, "not_a_vat_number"),
])
def test_a_vat_number(sent: str, of: str | None, form: str) -> None:
    assert vat_number(sent, of) == read(form)
