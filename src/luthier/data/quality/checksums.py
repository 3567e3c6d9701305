"""Check digits and randomness: what tells a number that means somebody from one that only looks like it."""

import math
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_address

from luthier.data.quality.facts import checksum_facts

_IBAN_LENGTHS = range(15, 35)


def luhn(text: str) -> bool:
    digits = _digits(text)
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[::-2]) + sum(doubled)) % 10 == 0


def iban(text: str) -> bool:
    plain = text.replace(" ", "")
    if len(plain) not in _IBAN_LENGTHS:
        return False
    return int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 == 1


def global_ip(text: str) -> bool:
    """Only addresses that can belong to somebody; four numbers of a version are often none of them."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return address.is_global and not address.is_multicast


def us_ssn(text: str) -> bool:
    area, group, serial = text.split("-")
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def es_dni(text: str) -> bool:
    plain = text.replace("-", "")
    number = str("XYZ".index(plain[0])) + plain[1:-1] if plain[0] in "XYZ" else plain[:-1]
    return checksum_facts().es_dni.letters[int(number) % 23] == plain[-1]


def it_fiscal(text: str) -> bool:
    odd = checksum_facts().it_fiscal.odd_places
    values = [int(letter, 36) - (10 if letter.isalpha() else 0) for letter in text[:15]]
    total = sum(odd[value] if place % 2 == 0 else value for place, value in enumerate(values))
    return chr(ord("A") + total % 26) == text[15]


def fr_nir(text: str) -> bool:
    plain = text.replace(" ", "").replace("2A", "19").replace("2B", "18")
    return 97 - int(plain[:13]) % 97 == int(plain[13:])


def br_cpf(text: str) -> bool:
    digits = _digits(text)
    if len(set(digits)) == 1:
        return False
    return all(
        sum(weight * digit for weight, digit in zip(range(last + 1, 1, -1), digits, strict=False)) * 10 % 11 % 10
        == digits[last]
        for last in (9, 10)
    )


def cn_resident(text: str) -> bool:
    facts = checksum_facts().cn_resident
    total = sum(weight * int(digit) for weight, digit in zip(facts.weights, text, strict=False))
    return facts.letters[total % 11] == text[17]


def entropy(text: str) -> float:
    """Shannon's, in bits per character."""
    size = len(text)
    return -sum(count / size * math.log2(count / size) for count in Counter(text).values())


def _digits(text: str) -> list[int]:
    return [int(letter) for letter in text if letter.isdecimal()]


CHECKS: dict[str, Callable[[str], bool]] = {
    check.__name__: check for check in (luhn, iban, global_ip, us_ssn, es_dni, it_fiscal, fr_nir, br_cpf, cn_resident)
}
