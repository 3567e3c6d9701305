"""The block formats of GGUF, bit for bit as llama.cpp's reference writes them: rows of float32 to rows of bytes."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from luthier.export.tensors import Rows, widened

Bytes = NDArray[np.uint8]
BLOCK = 32  # weights that share a scale in all formats here


def encoded(rows: Rows, kind: str) -> Bytes:
    """`rows` may be changed. Raises KeyError for a format that is not known here."""
    return _ENCODERS[kind](rows)


def is_known(kind: str) -> bool:
    return kind in _ENCODERS


def _f32(rows: Rows) -> Bytes:
    return np.ascontiguousarray(rows).view(np.uint8)


def _f16(rows: Rows) -> Bytes:
    with np.errstate(over="ignore"):  # what float16 cannot hold becomes infinite, as in llama.cpp
        return rows.astype(np.float16).view(np.uint8)


def bfloat16(rows: Rows) -> NDArray[np.uint16]:
    """Rounded to the nearest, ties to even; not-a-number stays one."""
    bits = np.ascontiguousarray(rows).view(np.uint32)
    odd = (bits >> 16) & 1
    halves = ((bits + odd + 0x7FFF) >> 16).astype(np.uint16)
    broken = (bits & 0x7FFFFFFF) > 0x7F800000
    if broken.any():
        halves[broken] = ((bits[broken] >> 16) | 64).astype(np.uint16)
    return halves


def _bf16(rows: Rows) -> Bytes:
    return bfloat16(rows).view(np.uint8)


def _q8_0(rows: Rows) -> Bytes:
    blocks = _blocks(rows)
    largest = np.abs(np.maximum(blocks.max(axis=1), -blocks.min(axis=1)))
    scale = largest / np.float32(127)
    blocks *= _inverse(scale)[:, None]
    out = np.empty((len(blocks), 2 + BLOCK), np.uint8)
    out[:, :2] = _half(scale)
    out[:, 2:].view(np.int8)[:] = _rounded(blocks)
    return _lines(out, rows)


def _q4_0(rows: Rows) -> Bytes:
    scale, levels = _around_zero(_blocks(rows), 8)
    return _lines(np.hstack([_half(scale), _nibbles(levels)]), rows)


def _q4_1(rows: Rows) -> Bytes:
    scale, lowest, levels = _from_lowest(_blocks(rows), 15)
    return _lines(np.hstack([_half(scale), _half(lowest), _nibbles(levels)]), rows)


def _q5_0(rows: Rows) -> Bytes:
    scale, levels = _around_zero(_blocks(rows), 16)
    return _lines(np.hstack([_half(scale), _fifth_bits(levels), _nibbles(levels & np.uint8(15))]), rows)


def _q5_1(rows: Rows) -> Bytes:
    scale, lowest, levels = _from_lowest(_blocks(rows), 31)
    return _lines(np.hstack([_half(scale), _half(lowest), _fifth_bits(levels), _nibbles(levels & np.uint8(15))]), rows)


def _around_zero(blocks: Rows, half: int) -> tuple[Rows, NDArray[np.uint8]]:
    """The weight that is largest without its sign becomes the lowest level."""
    lowest, highest = blocks.min(axis=1), blocks.max(axis=1)
    extreme = np.where(-lowest > highest, lowest, highest)
    ties = np.flatnonzero(-lowest == highest)  # of two that are equally large the first counts
    extreme[ties] = blocks[ties, np.argmax(np.abs(blocks[ties]), axis=1)]
    scale = extreme / np.float32(-half)
    blocks *= _inverse(scale)[:, None]
    blocks += np.float32(half + 0.5)
    return scale, np.minimum(blocks, 2 * half - 1).astype(np.uint8)


def _from_lowest(blocks: Rows, top: int) -> tuple[Rows, Rows, NDArray[np.uint8]]:
    lowest = blocks.min(axis=1)
    scale = (blocks.max(axis=1) - lowest) / np.float32(top)
    blocks -= lowest[:, None]
    blocks *= _inverse(scale)[:, None]
    blocks += np.float32(0.5)
    return scale, lowest, np.minimum(blocks, top).astype(np.uint8)


def _blocks(rows: Rows) -> Rows:
    return rows.reshape(-1, BLOCK)


def _inverse(scale: Rows) -> Rows:
    return np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale != 0)


def _half(values: Rows) -> Bytes:
    return values.astype(np.float16).view(np.uint8).reshape(-1, 2)


def _rounded(values: Rows) -> Rows:
    """Halves away from zero, as C rounds; numpy rounds them to even. `values` is used up."""
    whole = np.rint(values)
    values -= whole
    ties = np.abs(values) == 0.5
    if ties.any():
        whole[ties] = np.trunc(whole[ties] + values[ties]) + np.sign(whole[ties] + values[ties])
    return whole


def _nibbles(levels: NDArray[np.uint8]) -> Bytes:
    """The first half of a block in the lower, the second in the upper four bits."""
    return levels[:, : BLOCK // 2] | (levels[:, BLOCK // 2 :] << np.uint8(4))


def _fifth_bits(levels: NDArray[np.uint8]) -> Bytes:
    return np.packbits(levels >> 4, axis=1, bitorder="little")


def _lines(blocks: Bytes, rows: Rows) -> Bytes:
    return blocks.reshape(len(rows), -1) if rows.ndim == 2 else blocks.reshape(-1)


_ENCODERS: dict[str, Callable[[Rows], Bytes]] = {
    "F32": _f32,
    "F16": _f16,
    "BF16": _bf16,
    "Q8_0": _q8_0,
    "Q5_1": _q5_1,
    "Q5_0": _q5_0,
    "Q4_1": _q4_1,
    "Q4_0": _q4_0,
}


def decoded(content: Bytes, kind: str, shape: tuple[int, ...]) -> Rows:
    """What a reader of the format gets back."""
    if kind == "F32":
        return content.view(np.float32).reshape(shape)
    if kind == "F16":
        return content.view(np.float16).astype(np.float32).reshape(shape)
    if kind == "BF16":
        return widened(content.view(np.uint16)).reshape(shape)
    return _DECODERS[kind](content).reshape(shape)


def _from_q8_0(content: Bytes) -> Rows:
    blocks = content.reshape(-1, 2 + BLOCK)
    return _scale_in(blocks, 0) * blocks[:, 2:].view(np.int8)


def _from_four(content: Bytes, *, fifth: bool, lowest: bool) -> Rows:
    begin = 2 + 2 * lowest
    blocks = content.reshape(-1, begin + 4 * fifth + BLOCK // 2)
    nibbles = blocks[:, begin + 4 * fifth :]
    levels = np.hstack([nibbles & 15, nibbles >> 4])
    if fifth:
        levels |= np.unpackbits(blocks[:, begin : begin + 4], axis=1, bitorder="little") << 4
    values = levels.astype(np.float32)
    if lowest:
        return _scale_in(blocks, 0) * values + _scale_in(blocks, 2)
    return _scale_in(blocks, 0) * (values - np.float32(16 if fifth else 8))


def _scale_in(blocks: Bytes, at: int) -> Rows:
    return np.ascontiguousarray(blocks[:, at : at + 2]).view(np.float16).astype(np.float32)


_DECODERS: dict[str, Callable[[Bytes], Rows]] = {
    "Q8_0": _from_q8_0,
    "Q5_1": partial(_from_four, fifth=True, lowest=True),
    "Q5_0": partial(_from_four, fifth=True, lowest=False),
    "Q4_1": partial(_from_four, fifth=False, lowest=True),
    "Q4_0": partial(_from_four, fifth=False, lowest=False),
}
