"""Who may be named as billing contact, and what an address and a tax id have to look like (G19, GX2, GX6, SX7)."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

import bot
from billing.billing_contacts.people import checked_email, checked_name, plain_email
from billing.billing_contacts.places import _NATIONAL, _table, checked_address, checked_tax_id, countries
from billing.catalogue import BillingContactPolicy, CardDetails, CatalogueError, CorporateChange, load
from billing.catalogue.files import parse
from billing.contacts import Address
from billing.errors import (
    AddressIncomplete,
    CardNumberEntered,
    LookalikeAddress,
    NotAName,
    NotAnEmail,
    NotAPerson,
    NotReadable,
    PostalCodeWrong,
    RoleAddress,
    TaxIdWrong,
    UnknownCountry,
    VendorsAddress,
)
from tests.support.accounts import account
from tests.support.shop import CATALOGUE

POLICY = BillingContactPolicy()


def email(address: str, **people: str) -> str:
    return checked_email(address, account(), CATALOGUE.business, POLICY)


# Names


@pytest.mark.parametrize(
    "name",
    ["Nora New", "Zoë Lefèvre", "Aoife Ní Bhriain", "O'Connor", "Jean-Luc Picard", "李小龍",
     "Ann Sales", "Hr. Ott", "さとう はると", "Мария Иванова", "Ng",
     # double names, particles, titles, initials
     "Sabine Leutheusser-Schnarrenberger", "Erwin Müller-Lüdenscheidt", "María José de la Cruz", "Mª Carmen García",
     "Ludwig van Beethoven", "Freiherr von und zu Guttenberg", "Dr. Anna-Lena v. d. Heide", "J. R. R. Tolkien",
     "Martin Luther King Jr.", "Prof. Dr. h. c. Gesine Schwan", "Siobhán O’Brien", "D'Angelo Russell",
     "Abd al-Rahman ibn Khaldun", "Nguyễn Thị Minh Khai", "Þórður Jónsson", "Łukasz Żółkiewski", "Çağla Şahin",
     "İpek Yılmaz", "Dvořák", "Ñuño Ibáñez", "Kaʻimi Kealoha", "Ivo Andrić", "Søren Ærø", "Béla Bartók",
     # one word
     "Madonna", "Suharto", "Plato", "Björk", "Teller", "Sting",
     # surnames and first names that sound like a desk, or make a word of ours together
     "Emily Post", "Maria Sales", "Robert Service", "Bill Ing", "Ad Min", "Dario Fo", "Ana Mail", "Jack Office",
     "Help Nielsen", "Itay Levi", "Hr Smith", "Tim Supper", "Anders Teamann", "Infante Admira", "Bo Desk",
     "Ap Dijksterhuis", "Bill Collins", "Accardi Contini", "Service Mbeki",
     # other scripts
     "Γιώργος Παπαδόπουλος", "Ελένη Βασιλείου-Σμιθ", "Άρης", "Владимир Соловʼяненко", "Ђорђе Ђоковић", "Асен Сае",
     "Олена Шевченко", "王小明", "佐々木 希", "山田 タロウ", "김민수", "李 David", "Jackie 陳", "ＳＡＴＯ Ｋｅｎ",
     "أحمد علي", "דוד לוי", "अमिताभ बच्चन", "ரவி", "สมชาย ใจดี", "Արամ Խաչատրյան", "გიორგი მარგველაშვილი",
     "葛\U000e0100城 花子"],  # a variant of the ideograph
)  # fmt: skip
def test_names_of_people_from_everywhere_are_taken(name: str) -> None:
    assert checked_name(name, POLICY) == name


def test_spaces_are_tidied() -> None:
    assert checked_name("  Nora   New ", POLICY) == "Nora New"


@pytest.mark.parametrize(
    "name",
    ["Support", "IT", "Team Engines", "Helpdesk", "Admin Engines", "Rechnung", "info", "Help Desk", "Help-Desk Berlin",
     "Service Desk", "Customer Service", "Accounts Payable", "I.T.", "I. T.", "H.R.", "IT Sales", "Kundenservice Nord",
     "Finance Team", "Empfang", "Reception", "Info Engines", "Helpdesk2", "Support-Team", "No Reply",
     "Ｓｕｐｐｏｒｔ", "𝐒𝐮𝐩𝐩𝐨𝐫𝐭", "ⓢⓤⓟⓟⓞⓡⓣ", "ˢᵘᵖᵖᵒʳᵗ", "ꜱᴜᴘᴘᴏʀᴛ", "ѕаӏеѕ"],
)  # fmt: skip
def test_a_team_is_no_person(name: str) -> None:
    """SX7"""
    with pytest.raises(NotAPerson):
        checked_name(name, POLICY)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "7",
        "x" * 101,
        "Nora\nBcc: eve@evil.example",
        "Nora\r\nNew",
        "Nora\x00New",
        "Nora \u202eweN",  # right to left
        "No\u200bra New",  # zero width
        "Nora\u2066New\u2069",
        "\u3164\u3164",  # letters without ink
        "No\u034fra New",
        "Nora\u2800New",
        "Nora\ufe0f New",
        "Nora <nora@evil.example>",
        "https://evil.example",
        "www.evil.example",
        'Nora" New',
        "Nоra New",
        "Асе Smith",  # the first word is in Cyrillic
        "Ada Ρο",  # the second one in Greek
        "Nora＠evil.example",
        "ｗｗｗ．evil.example",
    ],
)
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(NotAName) as refused:
        checked_name(name, POLICY)
    assert refused.value.reason.field == "name"


def test_a_card_number_is_no_name() -> None:
    """SX8"""
    with pytest.raises(CardNumberEntered) as refused:
        checked_name("4242 4242 4242 4242", POLICY)
    assert refused.value.reason.field == "name"


# E-mail addresses


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("nora@engines.example", "nora@engines.example"),
        (" Nora.New@Engines.Example ", "Nora.New@engines.example"),
        ("nora+bills@engines.example", "nora+bills@engines.example"),
        ("nora@mail.engines.example", "nora@mail.engines.example"),
        ("nora@somewhere-else.example", "nora@somewhere-else.example"),
        ("italo@engines.example", "italo@engines.example"),
    ],
)
def test_addresses_of_people_are_taken(typed: str, kept: str) -> None:
    assert email(typed) == kept


@pytest.mark.parametrize(
    "local",
    ["n", "nn", "a.p", "h.r", "i.t", "nora", "nora.new", "new.nora", "n-new", "nora_new", "nora.new2", "o'brien",
     "j.r.r.tolkien", "ann.sales", "sales.ann", "emily.post", "post.emily", "robert.service", "bill.ing", "ad.min",
     "italia", "hrvoje", "infante", "teamann", "adminis", "mailer.nora", "nora.help", "supper", "billings.josh",
     "josh.billings", "apolonia", "helpman", "contini", "orderic", "deskin", "nora.it", "officer.jane", "accountius",
     "paymentov", "nora+it"],
)  # fmt: skip
def test_an_address_is_a_persons_also_when_it_reminds_of_a_desk(local: str) -> None:
    assert email(f"{local}@engines.example") == f"{local}@engines.example"


@pytest.mark.parametrize(
    "address",
    ["help@x.example", "servicedesk@x.example", "service-desk@x.example", "acme-support@x.example",
     "customer.support@x.example", "the.helpdesk@x.example", "ithelpdesk@x.example", "helpdeskberlin@x.example",
     "kundenservice@x.example", "itsupport@x.example", "customer_service.eu@x.example", "accounts.payable@x.example",
     "accountspayable@x.example", "berlin.info@x.example", "post@x.example", "zentrale@x.example", "noreply@x.example",
     "do-not-reply@x.example", "team-it@x.example", "empfang1@x.example",
     "support@x.example", "it@x.example", "info@x.example", "IT-Support@x.example", "support.berlin@x.example",
     "no-reply@x.example", "info2@x.example", "billing+nora@x.example", "Rechnung@x.example", "help_desk@x.example"],
)  # fmt: skip
def test_a_mailbox_of_a_role_is_refused(address: str) -> None:
    """SX7"""
    with pytest.raises(RoleAddress):
        email(address)


def test_the_house_says_which_mailboxes_are_roles() -> None:
    policy = BillingContactPolicy(role_addresses=("vorstand",))
    checked_email("info@x.example", account(), CATALOGUE.business, policy)
    with pytest.raises(RoleAddress):
        checked_email("vorstand@x.example", account(), CATALOGUE.business, policy)


@pytest.mark.parametrize(
    "address",
    ["", "nora", "nora@", "@engines.example", "nora@engines", "nora@@engines.example", "no ra@engines.example",
     "nora@engines.example\nBcc: eve@evil.example", "nora@engines.example\r\n", "nora@engines.example,eve@evil.example",
     "Nora <nora@engines.example>", "nora@-engines.example", "nöra@engines.example", "nora@еngines.example",
     "nora@engines\u200b.example", "\u202enora@engines.example", ".nora@engines.example", "no..ra@engines.example",
     "x" * 65 + "@engines.example", "nora@" + "x" * 250 + ".example", '"nora"@engines.example', "nora@[127.0.0.1]"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    """Header injection, look-alike letters, what nobody sees."""
    with pytest.raises(NotAnEmail) as refused:
        email(address)
    assert refused.value.reason.field == "email"
    assert "\n" not in str(refused.value.parameters)


@pytest.mark.parametrize(
    "domain",
    ["englnes.example", "engine.example", "enginess.example", "egnines.example", "eng1nes.example", "en-gines.example",
     "engines.example.evil.example", "mail.engines.example.evil.example",
     "xn--ngines-2of.example"],  # with a Cyrillic e
)  # fmt: skip
def test_a_domain_that_looks_like_the_customers_is_refused(domain: str) -> None:
    with pytest.raises(LookalikeAddress) as refused:
        email(f"nora@{domain}")
    assert refused.value.parameters["domain"] == "engines.example"


@pytest.mark.parametrize(
    "domain", ["engines.com", "engines.co.uk", "eng1nes.com", "engines-example.com", "enginesexample.de"]
)
def test_the_customers_name_under_another_ending_is_refused(domain: str) -> None:
    with pytest.raises(LookalikeAddress) as refused:
        email(f"nora@{domain}")
    assert refused.value.parameters["domain"] == "engines.example"


@pytest.mark.parametrize("domain", ["brightwell.com", "brightwell-example.com", "brightwell.co.uk"])
def test_our_name_under_another_ending_is_refused(domain: str) -> None:
    with pytest.raises(LookalikeAddress):
        email(f"nora@{domain}")


@pytest.mark.parametrize(
    ("theirs", "domain"),
    [
        ("gmail.com", "ymail.com"),  # one letter, and both are providers
        ("gmail.com", "mail.com"),
        ("gmail.com", "googlemail.com"),
        ("web.de", "web.com"),
        ("yahoo.com", "yahoo.de"),
        ("yahoo.com", "yahoo.dk"),
        ("gmx.de", "gmx.net"),
        ("hotmail.com", "hotmail.de"),
        ("mail.engines.example", "engines.example"),  # the whole company's
        ("berlin.engines.example", "hamburg.engines.example"),
        ("engines.co.uk", "motors.co.uk"),
        ("sap.de", "sap.com"),  # three letters say nothing
        ("mueller.de", "mueller-bau.de"),
        ("engines.example", "steam-engines.example"),
        ("engines.example", "engineering.example"),
        ("localhost", "engines.example"),  # an address of Stripe's that nobody can be mailed at
    ],
)
def test_a_domain_of_somebody_else_is_taken(theirs: str, domain: str) -> None:
    known = account(email=f"ada@{theirs}", members=())
    assert checked_email(f"nora@{domain}", known, CATALOGUE.business, POLICY) == f"nora@{domain}"


@pytest.mark.parametrize("domain", ["gmai1.com", "g-mail.com"])
def test_a_provider_is_imitated_too(domain: str) -> None:
    with pytest.raises(LookalikeAddress):
        checked_email(f"nora@{domain}", account(email="ada@gmail.com", members=()), CATALOGUE.business, POLICY)


def test_a_domain_that_looks_like_ours_is_refused() -> None:
    with pytest.raises(LookalikeAddress):
        email("nora@brightwe1l.example")


@pytest.mark.parametrize(
    "address", ["mia@brightwell.example", "nora@BRIGHTWELL.example", "mia@mail.brightwell.example"]
)
def test_one_of_our_own_people_is_nobodys_billing_contact(address: str) -> None:
    """GX2"""
    with pytest.raises(VendorsAddress):
        email(address)


def test_recipients_are_checked_as_addresses_only() -> None:
    assert plain_email("Invoices@Engines.example", "recipients") == "Invoices@engines.example"
    with pytest.raises(NotAnEmail) as refused:
        plain_email("nobody", "recipients")
    assert refused.value.reason.field == "recipients"


# Addresses


def address(**parts: str) -> Address:
    return checked_address(
        Address(**({"line1": "Main 1", "city": "Town", "country": "DE", "postal_code": "10115"} | parts))
    )


def test_every_line_of_the_table_has_an_example_that_fits() -> None:
    for code, needs in _table().items():
        assert code in countries()
        state = {"state": "X"} if needs.state else {}
        assert address(country=code, postal_code=needs.example, **state).postal_code == needs.example


@pytest.mark.parametrize(
    ("country", "postal_code"),
    [
        ("DE", "1011"),
        ("DE", "D-10115"),
        ("AT", "10115"),
        ("GB", "12345"),
        ("US", "1234"),
        ("NL", "1012"),
        ("PL", "00001"),
    ],
)
def test_a_postal_code_of_another_country_is_refused(country: str, postal_code: str) -> None:
    """G19"""
    with pytest.raises(PostalCodeWrong) as refused:
        address(country=country, postal_code=postal_code, state="X")
    assert refused.value.reason.field == "postal_code"


@pytest.mark.parametrize(
    ("country", "part"), [("DE", "line1"), ("DE", "city"), ("DE", "postal_code"), ("US", "state"), ("CA", "state")]
)
def test_a_missing_part_is_named(country: str, part: str) -> None:
    """G19"""
    code = {"postal_code": {"US": "10001", "CA": "K1A 0B1", "DE": "10115"}[country]}
    with pytest.raises(AddressIncomplete) as refused:
        address(**({"country": country} | code | {part: " "}))
    assert refused.value.reason.field == part


def test_where_there_are_no_postal_codes_none_is_asked_for() -> None:
    assert address(country="HK", postal_code="").country == "HK"


def test_a_country_that_the_table_does_not_know_needs_street_and_town() -> None:
    assert address(country="UG", postal_code="").city == "Town"
    with pytest.raises(AddressIncomplete):
        address(country="UG", postal_code="", city="")


def test_codes_are_written_in_capitals() -> None:
    assert address(country="nl", postal_code="1012 js").postal_code == "1012 JS"


@pytest.mark.parametrize("country", ["", "XX", "ZZ", "EU", "Germany", "D\nE"])
def test_an_unknown_country_is_refused(country: str) -> None:
    with pytest.raises(UnknownCountry):
        address(country=country)


@pytest.mark.parametrize("line", ["Main\n1", "Main\u202e1", "Main\u200b1", "Main\u31641", "x" * 201])
def test_a_line_with_invisible_signs_is_refused(line: str) -> None:
    with pytest.raises(NotReadable) as refused:
        address(line2=line)
    assert refused.value.reason.field == "line2"


# Tax ids


@pytest.mark.parametrize(
    ("country", "typed", "kept"),
    [
        ("DE", "DE 136 695 976", "DE136695976"),
        ("DE", "136695976", "DE136695976"),
        ("GR", "EL094259216", "EL094259216"),
        ("AT", "ATU13585627", "ATU13585627"),
        ("AU", "51 824 753 556", "51824753556"),
        ("BR", "16727230000197", "16.727.230/0001-97"),
        ("CA", "123026635", "123026635"),
        ("CA", "12302 6635 RT 0001", "123026635RT0001"),
        ("CH", "CHE107787577IVA", "CHE-107.787.577 IVA"),
        ("GB", "980780684", "GB980780684"),
        ("KR", "1168200276", "116-82-00276"),
        ("LI", "CHE-107.787.577", "CHE107787577"),
        ("LI", "12345", "12345"),
        ("NZ", "49-091-850", "049091850"),
        ("US", "911144442", "91-1144442"),
        ("ZA", "4123456789", "4123456789"),
        ("UG", "1000-123", "1000-123"),
        ("DE", "  ", None),
    ],
)
def test_a_tax_id_is_kept_as_its_country_writes_it(country: str, typed: str, kept: str | None) -> None:
    """GX6"""
    assert checked_tax_id(typed, country) == kept


@pytest.mark.parametrize(
    ("country", "typed"),
    [
        ("DE", "DE136695977"),
        ("FR", "DE136695976"),
        ("GB", "1"),
        ("LI", "1234"),
        ("LI", "CHE107787578"),
        ("ZA", "0001339050"),
        ("UG", "!"),
    ],
)
def test_a_wrong_tax_id_is_refused(country: str, typed: str) -> None:
    """GX6: by its check digit, or the country."""
    with pytest.raises(TaxIdWrong):
        checked_tax_id(typed, country)


def test_every_national_number_is_one_that_the_library_knows() -> None:
    for country, name in _NATIONAL.items():
        assert country in countries()
        assert callable(import_module(f"stdnum.{name}").validate)


# The house's own rules (K6)


def policy_of(text: str) -> BillingContactPolicy:
    demo = Path(bot.__file__).with_name("catalogue.toml").read_text(encoding="utf-8")
    before, _, rest = demo.partition("[billing_contact]")
    _, _, after = rest.partition("\n# --- ")
    return parse(f"{before}{text}\n# --- {after}").billing_contact


def test_the_default_is_what_the_source_document_says() -> None:
    """K6, G14: and the demo's file spells the defaults out."""
    assert policy_of("") == BillingContactPolicy()
    assert load(Path(bot.__file__).with_name("catalogue.toml")).billing_contact == BillingContactPolicy()
    assert BillingContactPolicy().corporate is CorporateChange.SELF_SERVICE


def test_the_other_reading_is_a_setting() -> None:
    """K6, GX15"""
    found = policy_of('[billing_contact]\ncorporate = "support_only"\ntries = 5\nrole_addresses = ["vorstand"]')
    assert (found.corporate, found.tries, found.role_addresses) == (CorporateChange.SUPPORT_ONLY, 5, ("vorstand",))
    kept = policy_of('[billing_contact]\ncard_details = "payments_only"')
    assert kept.card_details is CardDetails.PAYMENTS_ONLY


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("tries = 0", "billing_contact.tries"),
        ("tries = 11", "billing_contact.tries"),
        ("lock_hours = 0", "billing_contact.lock_hours"),
        ('corporate = "nobody"', "billing_contact.corporate"),
        ('card_details = "hidden"', "billing_contact.card_details"),
        ('verify_tax_id = "yes"', "billing_contact.verify_tax_id"),
        ('role_addresses = ["In Fo"]', "billing_contact.role_addresses"),
        ("trys = 3", "did you mean tries?"),
    ],
)
def test_a_mistake_in_the_file_is_named(line: str, where: str) -> None:
    with pytest.raises(CatalogueError, match=re.escape(where)):
        policy_of(f"[billing_contact]\n{line}")
