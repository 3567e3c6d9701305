"""Personal data and secrets are found by form and check digits, with their exact place, and little else is."""

import string
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given

from luthier.data.quality import find_private
from luthier.data.quality.facts import private_facts

# Put together here, so that no scanner of this repository takes them for real ones.
RANDOM = "q7Zk2Vw9Xb4Rt6Yp1Ld8Mn3Hs5Jf0Gc7Qa"
KNOWN = {
    "email": "anna.b+orders@mail.workshop.org",
    "iban": "DE89 3704 0044 0532 0130 00",
    "credit_card": "4111 1111 1111 1111",
    "us_ssn": "219-09-9999",
    "uk_nino": "AB 12 34 56 C",
    "es_dni": "12345678Z",
    "it_fiscal": "MRTMTT25D09F205Z",
    "fr_nir": "2 55 08 14 168 025 38",
    "br_cpf": "111.444.777-35",
    "cn_resident": "11010519491231002X",
    "ip_address": "8.8.4.4",
    "phone": "+44 20 7946 0958",
    "private_key": "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA " + "PRIVATE KEY-----",
    "web_token": "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + RANDOM,
    "aws_key": "AKIA" + "IOSFODNN7EXAMPLE"[:16],
    "github_token": "ghp_" + RANDOM + "Ab",
    "gitlab_token": "glpat-" + RANDOM[:20],
    "slack_token": "xoxb-" + "123456789012-" + RANDOM[:12],
    "google_key": "AIza" + RANDOM + "B",
    "stripe_key": "sk_live_" + RANDOM[:24],
    "model_service_key": "sk-proj-" + RANDOM,
    "package_token": "npm_" + RANDOM + "Xy",
    "mail_service_key": "SG." + RANDOM[:22] + "." + RANDOM + RANDOM[:8],
}
OTHERS = {
    "ip_address": ("2606:4700:4700::1111",),
    "phone": ("(212) 736-5000", "212-736-5000", "+1 (212) 736-5000"),
    "iban": ("GB82WEST12345698765432",),
    "es_dni": ("X1234567L",),
    "credit_card": ("378282246310005", "5555-5555-5555-4444"),
}
INNOCENT = (
    "The order of 1 234 567 890 pegs was sent on 2024-05-17 at 12:30:45.",
    "Version 10.4.2.1 runs on 127.0.0.1 and 192.168.0.12, and 2001:db8::1 is an example.",
    "DE87 3704 0044 0532 0130 00 and 4111 1111 1111 1112 have wrong check digits.",
    "12345678A, MRTMTT25D09F205A, 111.444.777-36 and 110105194912310020 have them, too.",
    "000-12-3456 and 666-12-3456 were never given to anybody.",
    "password = correct-horse, and the secret: patience",
    "Pi is 3.14159265358979, a year has 31 536 000 seconds.",
    "def token(self): return self.tokens[0]  # api_key = os.environ['API_KEY']",
    "The phone of 2024 has 128 GB, the call took 1234567 ms, and hotel 1234567 is none.",
    "Recall 030 901820; order 0301 901820; phone 1 234 567 890 123 456.",
    "The ISBN is 978-3-16-148410-0 and the DOI 10.1000/182.",
)


@pytest.mark.parametrize("kind", KNOWN)
def test_what_is_known_to_be_private_is_found_with_its_exact_place(kind: str) -> None:
    for value in (KNOWN[kind], *OTHERS.get(kind, ())):
        text = f"Write to {value}, please."
        assert [(text[span.start : span.end], span.kind) for span in find_private(text)] == [(value, kind)]


def test_a_generated_password_is_found_without_the_name_that_it_is_given() -> None:
    text = f"DB_PASSWORD='{RANDOM[:20]}'"
    (span,) = find_private(text)
    assert (text[span.start : span.end], span.kind) == (RANDOM[:20], "password")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Tel.: 030 901820, at any time", "030 901820"),
        ("Phone number: (020) 7946 0958.", "(020) 7946 0958"),
        ("téléphone 01 42 68 53 00", "01 42 68 53 00"),
        ("Mobil 0171/1234567", "0171/1234567"),
        ("Telefon-Nr. 089-123 456 78", "089-123 456 78"),
        ("Call 912 345 678 now", "912 345 678"),
    ],
)
def test_a_national_number_is_found_after_the_word_for_it(text: str, number: str) -> None:
    assert [(text[span.start : span.end], span.kind) for span in find_private(text)] == [(number, "phone")]


@pytest.mark.parametrize("text", INNOCENT)
def test_numbers_that_only_look_like_it_are_left_alone(text: str) -> None:
    assert find_private(text) == []


def test_every_kind_of_the_facts_has_an_example_that_is_found() -> None:
    assert {fact.kind for fact in private_facts()} == KNOWN.keys() | {"password"}


def test_several_are_given_in_the_order_of_the_text_and_never_overlap() -> None:
    text = f"{KNOWN['phone']} or {KNOWN['email']} or {KNOWN['iban']}; card {KNOWN['credit_card']}"
    found = find_private(text)
    assert [span.kind for span in found] == ["phone", "email", "iban", "credit_card"]
    assert all(one.end <= other.start for one, other in pairwise(found))


def test_where_two_kinds_fit_the_more_certain_one_has_it() -> None:
    assert [span.kind for span in find_private("Call +4111 1111 1111 1111 now.")] == ["credit_card"]
    assert [span.kind for span in find_private("api_key = ghp_" + RANDOM + "Ab")] == ["github_token"]


@given(st.text(alphabet=string.digits + "+-(). @:AZaz_=eyJ", max_size=200))
def test_spans_lie_inside_of_the_text_and_apart_whatever_it_is(text: str) -> None:
    found = find_private(text)
    assert all(0 <= span.start < span.end <= len(text) for span in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@pytest.mark.parametrize(
    "piece", ["1", "a@", "password=", "-----BEGIN PRIVATE KEY-----", "+1 ", "1.", "a:", "eyJ.", "{{ ", "a@b.org "]
)
def test_a_long_text_of_repeated_beginnings_takes_no_longer_than_its_length_allows(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    assert all(span.end <= len(text) for span in find_private(text))
