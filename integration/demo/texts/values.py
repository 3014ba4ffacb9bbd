"""Values of the slots: numbers, dates, names, places, goods."""

from __future__ import annotations

import random
from datetime import date, timedelta

from integration.demo.texts import letters
from integration.demo.texts.grammar import Draw, Values

NAMES_OF_FIRMS = (
    "Nordlicht,Marchand,Brightwater,Castillo,Fjord,Helvar,Ostrava,Redwood,Quinta,Lindqvist,Arden,"
    "Bellini,Corvin,Dunmore,Elster,Galway,Hartmann,Iberis,Jansen,Kestrel"
)
FAMILY_NAMES = (
    "Silva,Novák,Lind,Baker,Weiss,Petit,Romero,Berg,Conti,Zieliński,Kovač,Price,Dubois,Kaya"
)
BRANCHES = (
    "Energy,Foods,Logistics,Textiles,Instruments,Steel,Paper,Analytics,Optics,Marine,Glass,Mills"
)
FIRST_NAMES = "Ana,Jan,Eva,Tom,Mara,Luc,Ines,Nils,Sofia,Piotr,Hana,Owen,Claire,Yusuf"
TREES = (
    "Linden,Mill,Station,Harbour,Church,Garden,Castle,River,Orchard,Market,Bridge,Chestnut,Abbey,"
    "Windmill,Foundry,Weaver"
)
FIRST_DAY = date(2026, 7, 1)


def listed(text: str) -> list[str]:
    return text.split(",")


MONTHS_DE = listed(
    "Januar,Februar,März,April,Mai,Juni,Juli,August,September,Oktober,November,Dezember"
)
MONTHS_FR = listed(
    "janvier,février,mars,avril,mai,juin,juillet,août,septembre,octobre,novembre,décembre"
)


def draw_day(dice: random.Random) -> date:
    return FIRST_DAY + timedelta(days=dice.randrange(150))


def english_date(dice: random.Random) -> str:
    day = draw_day(dice)
    return f"{day.day} {day:%B}"


def german_date(dice: random.Random) -> str:
    day = draw_day(dice)
    return f"{day.day}. {MONTHS_DE[day.month - 1]}"


def french_date(dice: random.Random) -> str:
    day = draw_day(dice)
    return f"{day.day} {MONTHS_FR[day.month - 1]}"


def numeric_date(dice: random.Random) -> str:
    return f"{draw_day(dice):%d/%m/%Y}"


def code(form: str) -> Draw:
    """A drawing of codes: @ is a letter, # a digit, x a hexadecimal digit."""
    pools = {"@": "ABCDEFGHJKLMNPRSTUVWXYZ", "#": "0123456789", "x": "0123456789abcdef"}

    def draw(dice: random.Random) -> str:
        return "".join(dice.choice(pools[one]) if one in pools else one for one in form)

    return draw


def between(low: int, high: int, step: int = 1) -> Draw:
    return lambda dice: str(dice.randrange(low, high, step))


def combine(first: str, last: str) -> Draw:
    """Two words, one of each list, so that there are enough different values to be seen as a slot."""
    heads, tails = listed(first), listed(last)
    return lambda dice: f"{dice.choice(heads)} {dice.choice(tails)}"


def amount(dice: random.Random) -> str:
    return f"{dice.randrange(4_000, 980_000) / 100:,.2f}"


def log_time(dice: random.Random) -> str:
    seconds = dice.randrange(86_400)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{draw_day(dice)}T{clock}.{dice.randrange(1000):03d}Z"


def address(dice: random.Random) -> str:
    return f"10.{dice.randrange(4, 40)}.{dice.randrange(256)}.{dice.randrange(2, 254)}"


VALUES: Values = {
    "order": code("NO-######"),
    "invoice": code("INV-2026-#####"),
    "customer": code("C-#####"),
    "voucher": code("AUTUMN-@@@@##"),
    "case": code("CASE-2026-####"),
    "batch": code("xxxxxxxx"),
    "pid": between(900, 32_000),
    "ms": between(120, 9_800),
    "small": between(2, 6),
    "few": between(2, 9),
    "number": between(3, 60),
    "pages": between(24, 140),
    "page": between(1, 60),
    "house": between(1, 190),
    "postcode": between(10_100, 98_900),
    "confidence": lambda dice: f"0.{dice.randrange(12, 59)}",
    "percent": lambda dice: f"{dice.randrange(30, 240) / 10}%",
    "status": ["502", "503", "504", "499"],
    "address": address,
    "time": log_time,
    "amount": amount,
    "date": english_date,
    "date_de": german_date,
    "date_fr": french_date,
    "date_num": numeric_date,
    "quarter": ["Q1 2026", "Q2 2026", "Q3 2026"],
    "month": listed("January,March,April,June,July,September,October,December"),
    "name": combine(
        FIRST_NAMES,
        "Silva,Novák,Lind,Baker,Weiss,Petit,Romero,Berg,Conti,Zieliński,Kovač,Price,Dubois,Kaya",
    ),
    "email": lambda dice: (
        f"{dice.choice(['ana', 'jan', 'eva', 'tom', 'mara', 'luc', 'ines', 'nils', 'sofia', 'owen'])}."
        f"{dice.randrange(10, 99)}@{dice.choice(['example.org', 'example.com', 'example.net'])}"
    ),
    "city": listed("Lyon,Porto,Graz,Utrecht,Malmö,Kraków,Leeds,Turin,Ghent,Bilbao,Leipzig,Cork"),
    "country": listed("Austria,Belgium,Denmark,France,Ireland,Italy,Poland,Portugal,Spain"),
    "street": combine(TREES, "Lane,Street,Road,Square,gasse,weg"),
    "language": listed("French,German,Spanish,Polish,Dutch,Swedish,Portuguese,Italian"),
    "product": listed(
        "coffee grinder,desk lamp,rain jacket,mechanical keyboard,garden hose,road bike helmet,"
        "steel kettle,yoga mat,cordless drill,standing desk,travel backpack,bread maker"
    ),
    "product_de": listed(
        "die Kaffeemühle,die Schreibtischlampe,die Regenjacke,den Wasserkocher,den Akkuschrauber,"
        "den Fahrradhelm,die Brotbackmaschine"
    ),
    "product_fr": listed(
        "le moulin à café,la lampe de bureau,la veste de pluie,la bouilloire,la perceuse,le sac à dos"
    ),
    "category": listed(
        "electronics,clothing,furniture,kitchen appliances,sports equipment,tools,books,gift cards"
    ),
    "plan": listed("Basic,Family,Premium,Business"),
    "error": listed(
        "“link expired”,“code already used”,“unknown account”,“try again in 15 minutes”,“not valid here”"
    ),
    "company": combine(
        NAMES_OF_FIRMS,
        "Energy,Foods,Logistics,Textiles,Instruments,Steel,Paper,Analytics,Optics,Marine,Glass,Mills",
    ),
    "file": code("contract-xxxx.pdf"),
    "scan": code("scan-######.tif"),
    "table": listed("orders,invoices,line_items,shipments,customers,audit_log"),
    "good": combine(
        "paper,toner,labels,tape,cartons,pallet wrap,LED tubes,batteries",
        "A4,black,white,large,small,XL,48 mm,12 V",
    ),
    **letters.LETTERS,
}
