"""Stored batches: the bytes that the streams carry. docs/format.md describes them; this file has nothing from anywhere else."""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass
from typing import Iterator, Sequence

# prefix_crc, version, flags, producer_epoch_high, append_time_ms, lsn, base_sequence_high, reserved
PREFIX = struct.Struct("<IBBHqqII")
# base_offset, batch_length, partition_leader_epoch, magic, batch_crc, attributes, last_offset_delta, base_timestamp,
# max_timestamp, producer_id, producer_epoch, base_sequence, record_count
HEADER = struct.Struct(">qiibIhiqqqHIi")
RECORDS_AT = PREFIX.size + HEADER.size
BATCH_LENGTH_AT, LENGTH_COUNTS_FROM = 40, 44
PREFIX_CRC_AT, PREFIX_CRC_FROM, PREFIX_CRC_UP_TO = 0, 4, 49
BATCH_CRC_AT, BATCH_CRC_FROM = 49, 53
VERSION, MAGIC = 1, 2
CODEC_MASK, LOG_APPEND_TIME = 0x07, 0x08
NONE, LZ4, ZSTD = 0, 3, 4
NO_PRODUCER = -1


class CorruptBatch(ValueError):
    """Bytes that are not what docs/format.md says."""


@dataclass(frozen=True)
class Record:
    """A record; None and b"" are different keys and values. Offset and append time are the broker's."""

    value: bytes | None
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes | None]] = ()
    timestamp_ms: int | None = None
    offset: int = -1
    append_time_ms: int = 0


def encode(
    records: Sequence[Record], topic_id: bytes, partition: int,
    producer_id: int = NO_PRODUCER, producer_epoch: int = -1, base_sequence: int = -1,
) -> bytes:
    """One uncompressed batch with both checksums. Records without a timestamp get the time of now."""
    now_ms = time.time_ns() // 1_000_000
    timestamps = [now_ms if r.timestamp_ms is None else r.timestamp_ms for r in records]
    body = b"".join(_encode_record(r, ts - timestamps[0], i) for i, (r, ts) in enumerate(zip(records, timestamps)))
    batch = bytearray(RECORDS_AT) + body
    PREFIX.pack_into(batch, 0, 0, VERSION, 0, producer_epoch >> 16 & 0xFFFF, 0, 0, base_sequence >> 32 & 0xFFFFFFFF, 0)
    HEADER.pack_into(
        batch, PREFIX.size, 0, len(batch) - LENGTH_COUNTS_FROM, -1, MAGIC, 0, NONE, len(records) - 1, timestamps[0],
        max(timestamps), producer_id, producer_epoch & 0xFFFF, base_sequence & 0xFFFFFFFF, len(records),
    )
    struct.pack_into(">I", batch, BATCH_CRC_AT, crc32c(batch[BATCH_CRC_FROM:]))
    struct.pack_into("<I", batch, PREFIX_CRC_AT, _prefix_crc(batch, topic_id, partition))
    return bytes(batch)


def decode(batches: bytes, topic_id: bytes, partition: int) -> Iterator[Record]:
    """The records of whole batches that stand one after the other, as a fetch stream sends them; all checksums verified."""
    at = 0
    while at < len(batches):
        if len(batches) - at < RECORDS_AT:
            raise CorruptBatch(f"{len(batches) - at} bytes are no batch")
        (length,) = struct.unpack_from(">i", batches, at + BATCH_LENGTH_AT)
        size = LENGTH_COUNTS_FROM + length
        if not RECORDS_AT <= size <= len(batches) - at:
            raise CorruptBatch(f"a batch of {size} bytes among {len(batches) - at}")
        yield from _decode_batch(batches[at:at + size], topic_id, partition)
        at += size


def _decode_batch(batch: bytes, topic_id: bytes, partition: int) -> Iterator[Record]:
    prefix_crc, version, _, _, append_time_ms, _, _, _ = PREFIX.unpack_from(batch)
    base_offset, _, _, magic, batch_crc, attributes, _, base_timestamp, max_timestamp, _, _, _, count = HEADER.unpack_from(
        batch, PREFIX.size)
    if (version, magic) != (VERSION, MAGIC):
        raise CorruptBatch(f"version {version} and magic {magic}: known are {VERSION} and {MAGIC}")
    if prefix_crc != _prefix_crc(batch, topic_id, partition):
        raise CorruptBatch(f"the prefix of the batch at offset {base_offset} fails its checksum")
    if batch_crc != crc32c(batch[BATCH_CRC_FROM:]):
        raise CorruptBatch(f"the batch at offset {base_offset} fails its checksum")
    reader = _Reader(_decompress(attributes & CODEC_MASK, batch[RECORDS_AT:], base_offset))
    for index in range(count):
        yield reader.record(index, base_offset, base_timestamp, max_timestamp if attributes & LOG_APPEND_TIME else None, append_time_ms)
    if reader.left:
        raise CorruptBatch(f"{reader.left} bytes behind the last record of the batch at offset {base_offset}")


def _prefix_crc(batch: bytes, topic_id: bytes, partition: int) -> int:
    return crc32c(topic_id + struct.pack("<I", partition) + batch[PREFIX_CRC_FROM:PREFIX_CRC_UP_TO])


def _encode_record(record: Record, timestamp_delta: int, index: int) -> bytes:
    body = bytearray([0])
    # 64 bits that wrap around.
    _put_varint(body, (timestamp_delta + (1 << 63)) % (1 << 64) - (1 << 63))
    _put_varint(body, index)
    _put_bytes(body, record.key)
    _put_bytes(body, record.value)
    _put_varint(body, len(record.headers))
    for name, value in record.headers:
        _put_bytes(body, name.encode())
        _put_bytes(body, value)
    length = bytearray()
    _put_varint(length, len(body))
    return bytes(length + body)


def _put_bytes(target: bytearray, data: bytes | None) -> None:
    _put_varint(target, -1 if data is None else len(data))
    target += data or b""


def _put_varint(target: bytearray, value: int) -> None:
    value = value << 1 ^ value >> 63
    while value > 0x7F:
        target.append(value & 0x7F | 0x80)
        value >>= 7
    target.append(value)


class _Reader:
    """Reads the records of one batch, which are input: every length is compared before it is used."""

    def __init__(self, data: bytes):
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def record(self, index: int, base_offset: int, base_timestamp: int, log_time: int | None, append_time_ms: int) -> Record:
        length = self._varint()
        end = self._at + length
        self._take(1)
        timestamp = (base_timestamp + self._varint() + (1 << 63)) % (1 << 64) - (1 << 63)
        if (delta := self._varint()) != index:
            raise CorruptBatch(f"record {index} of the batch at offset {base_offset} has offset delta {delta}")
        key, value = self._bytes(), self._bytes()
        headers = [(self._header_name(), self._bytes()) for _ in range(self._varint())]
        if length < 0 or self._at != end:
            raise CorruptBatch(f"record {index} of the batch at offset {base_offset} is longer or shorter than it says")
        return Record(value, key, headers, timestamp if log_time is None else log_time, base_offset + index, append_time_ms)

    def _header_name(self) -> str:
        name = self._bytes()
        if name is None:
            raise CorruptBatch("a header without a name")
        return name.decode()

    def _bytes(self) -> bytes | None:
        length = self._varint()
        return None if length == -1 else self._take(length)

    def _take(self, count: int) -> bytes:
        if not 0 <= count <= self.left:
            raise CorruptBatch(f"{count} bytes wanted where {self.left} are left")
        self._at += count
        return self._data[self._at - count:self._at]

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            (byte,) = self._take(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value >> 1 ^ -(value & 1)
        raise CorruptBatch("a varint of more than 10 bytes")


def _decompress(codec: int, data: bytes, base_offset: int) -> bytes:
    try:
        if codec == LZ4:
            import lz4.frame
            return lz4.frame.decompress(data)
        if codec == ZSTD:
            import zstandard
            with zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True) as reader:
                return reader.read()
    except ImportError:
        package = "lz4" if codec == LZ4 else "zstandard"
        raise CorruptBatch(
            f"the batch at offset {base_offset} is compressed, and Python's {package} is not here. "
            f"On Debian: apt install python3-{package}. Elsewhere: pip install {package}") from None
    except Exception as error:
        raise CorruptBatch(f"the batch at offset {base_offset} cannot be decompressed: {error}") from error
    if codec != NONE:
        raise CorruptBatch(f"the batch at offset {base_offset} has the unknown codec {codec}")
    return data


def _crc_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_CRC_TABLE = _crc_table()


def crc32c(data: bytes) -> int:
    """CRC-32C, a byte at a time: plain, and slow beside the instruction that processors have for it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def partition_of(key: bytes, partition_count: int) -> int:
    """Where Kafka, the .NET client and Append put a key: docs/protocol.md, "Partitions by key"."""
    return (murmur2(key) & 0x7FFFFFFF) % partition_count


def murmur2(data: bytes) -> int:
    multiplier, mask = 0x5BD1E995, 0xFFFFFFFF
    result = 0x9747B28C ^ len(data)
    whole = len(data) // 4 * 4
    for (word,) in struct.iter_unpack("<I", data[:whole]):
        word = word * multiplier & mask
        word = (word ^ word >> 24) * multiplier & mask
        result = result * multiplier & mask ^ word
    if rest := data[whole:]:
        result = (result ^ int.from_bytes(rest, "little")) * multiplier & mask
    result = (result ^ result >> 13) * multiplier & mask
    return result ^ result >> 15
