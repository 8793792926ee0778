"""What the sample shop sells, where its visitors come from, and the devices that they use."""

from __future__ import annotations

from typing import NamedTuple

SHOP = "https://shop.example.com"

PER_EURO = {"EUR": 100, "GBP": 86, "USD": 108, "JPY": 161}
"""Minor units of a currency per euro; the yen has no smaller unit."""

MINOR_UNITS = {"EUR": 100, "GBP": 100, "USD": 100, "JPY": 1}


class Product(NamedTuple):
    """One article; `price` in euro cents."""

    sku: str
    name: str
    category: str
    brand: str
    price: int

    @property
    def path(self) -> str:
        """Where the shop shows it."""
        return f"/{self.category}/{self.sku.lower()}"

    def price_in(self, currency: str) -> int:
        """The price in minor units of `currency`."""
        return round(self.price * PER_EURO[currency] / 100)


class Channel(NamedTuple):
    """One way in. `campaign` is what analytics.js makes of utm parameters, `click_id` an ad network's parameter."""

    share: int
    referrer: str
    campaign: dict[str, str]
    click_id: str = ""


class Device(NamedTuple):
    """One kind of device; an app has `model` and sends screens, a browser has `user_agent` and sends pages."""

    share: int
    user_agent: str
    model: str = ""
    maker: str = ""
    system: str = ""


PRODUCTS = tuple(
    Product(*row)
    for row in (
        ("BAG-010", "Day pack 18 l", "backpacks", "Kestrel", 6_990),
        ("BAG-011", "Trail pack 32 l", "backpacks", "Kestrel", 12_900),
        ("BAG-012", "Trek pack 55 l", "backpacks", "Norrvind", 21_900),
        ("BAG-013", "Roll-top courier", "backpacks", "Pine & Co", 8_450),
        ("BAG-014", "Packing cubes, set of 3", "backpacks", "Kestrel", 2_995),
        ("JKT-020", "Rain shell", "jackets", "Norrvind", 17_900),
        ("JKT-021", "Down vest", "jackets", "Norrvind", 14_950),
        ("JKT-022", "Wind jacket", "jackets", "Kestrel", 7_900),
        ("JKT-023", "Wool overshirt", "jackets", "Pine & Co", 9_990),
        ("JKT-024", "Winter parka", "jackets", "Norrvind", 29_900),
        ("SHO-030", "Trail runner", "footwear", "Cairn", 13_500),
        ("SHO-031", "Hiking boot, mid", "footwear", "Cairn", 18_900),
        ("SHO-032", "Approach shoe", "footwear", "Cairn", 14_500),
        ("SHO-033", "Merino socks, 2 pairs", "footwear", "Pine & Co", 2_450),
        ("SHO-034", "Camp sandal", "footwear", "Cairn", 5_990),
        ("CMP-040", "Tent for two", "camping", "Norrvind", 34_900),
        ("CMP-041", "Sleeping bag −5 °C", "camping", "Norrvind", 19_900),
        ("CMP-042", "Inflatable mat", "camping", "Kestrel", 8_990),
        ("CMP-043", "Head torch 400 lm", "camping", "Lumo", 4_495),
        ("CMP-044", "Gas stove", "camping", "Lumo", 3_990),
        ("CMP-045", "Hammock", "camping", "Kestrel", 5_450),
        ("KIT-050", "Steel bottle 0.7 l", "kitchen", "Pine & Co", 2_690),
        ("KIT-051", "Titanium mug", "kitchen", "Lumo", 3_290),
        ("KIT-052", "Cook set, 5 pieces", "kitchen", "Lumo", 5_990),
        ("KIT-053", "Coffee press for the road", "kitchen", "Pine & Co", 3_790),
        ("KIT-054", "Pocket knife", "kitchen", "Cairn", 4_290),
        ("MAP-060", "Alpine huts, a guide", "books", "Cartograph", 2_490),
        ("MAP-061", "Coast paths of Europe", "books", "Cartograph", 2_890),
        ("MAP-062", "Knots in ten minutes", "books", "Cartograph", 1_290),
        ("MAP-063", "Trail map subscription", "books", "Cartograph", 3_600),
    )
)

CATEGORIES = tuple(sorted({product.category for product in PRODUCTS}))

CHANNELS = (
    Channel(26, "", {}),
    Channel(22, "https://www.google.com/", {}),
    Channel(5, "https://duckduckgo.com/", {}),
    Channel(
        13,
        "https://www.google.com/",
        {"source": "google", "medium": "cpc", "name": "outdoor-search", "term": "rain shell"},
        "gclid",
    ),
    Channel(
        9,
        "https://www.instagram.com/",
        {"source": "instagram", "medium": "paid_social", "name": "autumn-trails", "content": "video-a"},
        "fbclid",
    ),
    Channel(
        4,
        "https://www.tiktok.com/",
        {"source": "tiktok", "medium": "paid_social", "name": "autumn-trails", "content": "creator-7"},
        "ttclid",
    ),
    Channel(3, "https://www.bing.com/", {"source": "bing", "medium": "cpc", "name": "brand"}, "msclkid"),
    Channel(
        8,
        "https://trailnotes.example.org/best-day-packs",
        {"source": "trailnotes", "medium": "referral", "name": "reviews"},
    ),
    Channel(10, "", {"source": "newsletter", "medium": "email", "name": "weekly"}),
)

_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0"
_SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"

BROWSERS = (
    Device(24, f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Safari/537.36"),
    Device(12, f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_SAFARI} Safari/605.1.15"),
    Device(9, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0"),
    Device(3, "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"),
    Device(5, f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Safari/537.36 Edg/141.0.0.0"),
    Device(24, f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {_SAFARI} Mobile/15E148 Safari/604.1"),
    Device(20, f"Mozilla/5.0 (Linux; Android 10; K) {_CHROME} Mobile Safari/537.36"),
    Device(3, f"Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) {_SAFARI} Mobile/15E148 Safari/604.1"),
)

APPS = (
    Device(50, "", "iPhone15,4", "Apple", "iOS 18.6"),
    Device(15, "", "iPhone17,1", "Apple", "iOS 18.6"),
    Device(20, "", "Pixel 9", "Google", "Android 16"),
    Device(25, "", "SM-S921B", "samsung", "Android 15"),
)
