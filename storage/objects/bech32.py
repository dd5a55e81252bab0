"""Bech32, the alphabet of age's keys (BIP 173, without its limit of 90 characters): decoding alone."""

from functools import reduce

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def decode(prefix: str, text: str) -> bytes:
    """The bytes behind `prefix`. Raises ValueError for another prefix, a wrong checksum or a wrong letter."""
    if text not in (text.lower(), text.upper()):
        raise ValueError("mixed case")
    found, _, letters = text.lower().rpartition("1")
    if found != prefix or len(letters) < 6:
        raise ValueError(f"not a {prefix}1… key")
    values = [_ALPHABET.index(letter) for letter in letters]
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    if reduce(_step, expanded + values, 1) != 1:
        raise ValueError("wrong checksum")
    return _regroup(values[:-6])


def _step(checksum: int, value: int) -> int:
    top = checksum >> 25
    checksum = (checksum & 0x1FFFFFF) << 5 ^ value
    for bit, generator in enumerate(_GENERATORS):
        if top >> bit & 1:
            checksum ^= generator
    return checksum


def _regroup(values: list[int]) -> bytes:
    """Groups of five bits as groups of eight; what is left over must be padding, all zero."""
    whole = reduce(lambda number, value: number << 5 | value, values, 0)
    padding = len(values) * 5 % 8
    if padding > 4 or whole & ((1 << padding) - 1):
        raise ValueError("wrong padding")
    return (whole >> padding).to_bytes(len(values) * 5 // 8, "big")
