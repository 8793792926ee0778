"""Who visits the sample shop: invented people of ten countries, with addresses and numbers that nobody owns.

E-mail domains are those of RFC 2606. Telephone numbers come from the ranges that regulators keep for fiction (Ofcom,
BNetzA, ARCEP, ComReg, NANPA 555-01xx); people of other countries have none. IP addresses are those of RFC 5737.
"""

from __future__ import annotations

import random
import unicodedata
from typing import NamedTuple

MOST_PEOPLE = 2_000
"""The ranges of fictional numbers hold no more without giving two people the same number."""


class Country(NamedTuple):
    """What people of one country have in common. `share` is their weight among all people."""

    code: str
    share: int
    locale: str
    timezone: str
    currency: str
    cities: tuple[str, ...]
    first: tuple[str, ...]
    last: tuple[str, ...]


class Person(NamedTuple):
    """One invented person. `number` is unique, and so are the e-mail address and the telephone number made from it."""

    number: int
    country: Country
    first: str
    last: str
    city: str
    email: str
    phone: str | None
    birthday: str

    @property
    def user_id(self) -> str:
        """The shop's customer number."""
        return str(100_000 + self.number)


def _country(
    code: str, share: int, locale: str, timezone: str, currency: str, cities: str, first: str, last: str
) -> Country:
    return Country(
        code,
        share,
        locale,
        timezone,
        currency,
        tuple(cities.split(", ")),
        tuple(first.split(", ")),
        tuple(last.split(", ")),
    )


COUNTRIES = (
    _country(
        "DE",
        22,
        "de-DE",
        "Europe/Berlin",
        "EUR",
        "Berlin, Hamburg, Köln, Leipzig, München, Freiburg",
        "Anna, Jürgen, Lena, Mehmet, Sabine, Jonas, Ayşe, Karl, Greta, Björn, Minh, Ute, Emre, Luisa, Paul",
        "Müller, Schmidt, Yılmaz, Weiß, Schäfer, Nguyen, Bauer, Köhler, Krüger, Vogel, Demir, Lang, Groß, Engel",
    ),
    _country(
        "FR",
        16,
        "fr-FR",
        "Europe/Paris",
        "EUR",
        "Paris, Lyon, Nantes, Marseille, Lille, Rennes",
        "Chloé, Amélie, Hugo, Léa, Karim, Élodie, Jean-Luc, Fatou, Théo, Inès, Mathis, Aïcha, Rémi, Noémie",
        "Dubois, Lefèvre, Benali, Moreau, Traoré, Girard, Fournier, Diallo, Bonnet, Chevalier, Roux, Faure",
    ),
    _country(
        "NL",
        8,
        "nl-NL",
        "Europe/Amsterdam",
        "EUR",
        "Amsterdam, Utrecht, Rotterdam, Groningen",
        "Sanne, Daan, Fleur, Bram, Zoë, Sem, Noor, Ruben, Fatima, Joris",
        "de Vries, van den Berg, Jansen, Bakker, El Amrani, Visser, Smit, van Dijk, Pinas",
    ),
    _country(
        "ES",
        10,
        "es-ES",
        "Europe/Madrid",
        "EUR",
        "Madrid, Barcelona, Valencia, Sevilla, Bilbao",
        "José, María, Lucía, Íñigo, Carmen, Álvaro, Nuria, Pablo, Xiomara, Andrés, Begoña",
        "García, Fernández, Núñez, Etxeberria, Martínez, Ibáñez, Peña, Romero, Ortiz",
    ),
    _country(
        "IT",
        8,
        "it-IT",
        "Europe/Rome",
        "EUR",
        "Roma, Milano, Torino, Bologna, Palermo",
        "Giulia, Marco, Chiara, Niccolò, Sofia, Davide, Amina, Luca, Beatrice",
        "Rossi, Ferrari, D'Angelo, Esposito, Conti, Lo Presti, Galli, Fontana",
    ),
    _country(
        "PL",
        5,
        "pl-PL",
        "Europe/Warsaw",
        "EUR",
        "Warszawa, Kraków, Gdańsk, Wrocław",
        "Łukasz, Agnieszka, Zofia, Paweł, Małgorzata, Jakub, Oksana",
        "Nowak, Wójcik, Kowalska, Zieliński, Dąbrowska, Szymańska, Król",
    ),
    _country(
        "IE",
        4,
        "en-IE",
        "Europe/Dublin",
        "EUR",
        "Dublin, Cork, Galway",
        "Aoife, Seán, Niamh, Cian, Róisín, Oisín, Adaeze",
        "Murphy, O'Brien, Byrne, Ní Dhomhnaill, Walsh, Okafor",
    ),
    _country(
        "GB",
        13,
        "en-GB",
        "Europe/London",
        "GBP",
        "London, Leeds, Glasgow, Cardiff, Bristol, Belfast",
        "Olivia, Harry, Priya, Callum, Amelia, Kwame, Zainab, George, Siân, Tom, Imogen, Rhys",
        "Smith, Patel, Jones, Mensah, Taylor, Begum, Evans, MacLeod, Hughes, Chaudhry, Wright",
    ),
    _country(
        "US",
        10,
        "en-US",
        "America/New_York",
        "USD",
        "Portland, Austin, Chicago, Atlanta, Denver, Boston",
        "Emma, Liam, Aaliyah, Mateo, Grace, DeShawn, Mei, Noah, Sofía, Hannah, Elijah, Leilani",
        "Johnson, Nguyen, Williams, Hernández, Kim, Brown, Begay, Cohen, Rivera, Anderson, Washington",
    ),
    _country(
        "JP",
        4,
        "ja-JP",
        "Asia/Tokyo",
        "JPY",
        "Tōkyō, Ōsaka, Kyōto, Sapporo",
        "Haruto, Yui, Sakura, Ren, Aoi, Kenji, Hina",
        "Satō, Suzuki, Takahashi, Itō, Kobayashi, Yamamoto",
    ),
)

_US_AREAS = (202, 206, 212, 213, 303, 312, 404, 415, 503, 512, 602, 612, 617, 702, 713, 718, 773, 808, 901, 919)
_FOLDS = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "ı": "i", "ø": "o", " ": "", "'": "", "-": ""})


def invent(rng: random.Random, number: int) -> Person:
    """The person with this number; the same `rng` state and number give the same person."""
    country = rng.choices(COUNTRIES, [country.share for country in COUNTRIES])[0]
    first, last, city = rng.choice(country.first), rng.choice(country.last), rng.choice(country.cities)
    domain = rng.choice(("example.com", "example.com", "example.org", "example.net"))
    birthday = f"{rng.randint(1948, 2006)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    return Person(
        number,
        country,
        first,
        last,
        city,
        f"{ascii_lower(first)}.{ascii_lower(last)}{number}@{domain}",
        _phone(country.code, number),
        birthday,
    )


def ascii_lower(text: str) -> str:
    """Fold a name to what an address may hold: `Björn` → `bjorn`, `Weiß` → `weiss`."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_FOLDS))
    return "".join(letter for letter in decomposed if letter.isascii()).lower()


def _phone(country: str, number: int) -> str | None:
    block, rest = divmod(number, 1_000)
    match country:
        case "DE":
            return f"+49{('3023125', '4066969')[block]}{rest:03}"
        case "GB":
            return f"+44{('7700900', '2079460')[block]}{rest:03}"
        case "FR":
            return f"+3363998{number:04}"
        case "IE":
            return f"+3532091{number:05}"
        case "US":
            return f"+1{_US_AREAS[number // 100]}55501{number % 100:02}"
        case _:
            return None
