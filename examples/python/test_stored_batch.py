#!/usr/bin/env python3
"""What can be said about batches without a broker: python3 -m unittest, in this folder."""

import unittest
from pathlib import Path

from stored_batch import CorruptBatch, Record, crc32c, decode, encode, murmur2, partition_of

# Batches of every codec, annotated byte for byte: the test data of every implementation.
GOLDEN = Path(__file__).resolve().parent.parent.parent / "tests/Broker.Tests/Records/Golden"
TOPIC_ID, PARTITION = b"0123456789abcdef", 3


def golden(name: str) -> bytes:
    lines = (GOLDEN / name).read_text().splitlines()
    # 0000: 50931765   ; prefix crc
    return b"".join(bytes.fromhex(line.partition(";")[0].partition(":")[2]) for line in lines if not line.startswith("#"))


class StoredBatchTest(unittest.TestCase):
    def test_checksum_and_hash_have_their_published_values(self):
        self.assertEqual(crc32c(b"123456789"), 0xE3069283)
        self.assertEqual(murmur2(b"21"), -973932308 & 0xFFFFFFFF)
        self.assertEqual(murmur2(b"foobar"), -790332482 & 0xFFFFFFFF)
        self.assertEqual(murmur2(b"a-little-bit-long-string"), -985981536 & 0xFFFFFFFF)
        self.assertEqual(partition_of(b"21", 4), (-973932308 & 0x7FFFFFFF) % 4)

    def test_the_golden_batch_is_read(self):
        start = 1_700_000_000_000
        records = list(decode(golden("batch-v1-none.hex"), TOPIC_ID, PARTITION))
        self.assertEqual(records[0], Record(
            b"LAX-SFO", b"flight 12", [("trace", b"4bf92f"), ("empty", b""), ("null", None)], start, 1000, start + 500))
        self.assertEqual([(r.key, r.value, r.timestamp_ms - start) for r in records[1:]], [
            (None, b"", -250), (b"", None, 64), (b"k", b"v" * 70, 8192)])

    def test_compressed_golden_batches_are_read(self):
        for codec in ("lz4", "zstd"):
            with self.subTest(codec):
                records = list(decode(golden(f"batch-v1-{codec}.hex"), TOPIC_ID, PARTITION))
                self.assertEqual([r.key for r in records], [b"k%d" % i for i in range(10)])
                self.assertEqual({r.value for r in records}, {b"one value, ten times the same"})

    def test_records_come_back_as_they_were_written(self):
        records = [
            Record(b"v", b"k", [("h", None), ("g", b"")], -5), Record(None, None, [], 2**63 - 1), Record(b"", b"", [], -2**63),
            Record("ü".encode() * 300, None, [("ü" * 70, b"x" * 200)], 0)]
        batch = encode(records, TOPIC_ID, PARTITION, producer_id=7, producer_epoch=0x10002, base_sequence=0x300000004)
        found = list(decode(batch + batch, TOPIC_ID, PARTITION))
        self.assertEqual([(r.value, r.key, r.headers, r.timestamp_ms) for r in found], [
            (r.value, r.key, r.headers, r.timestamp_ms) for r in records * 2])
        self.assertEqual([r.offset for r in found], [0, 1, 2, 3] * 2)

    def test_every_flipped_bit_is_found(self):
        batch = encode([Record(b"value", b"key", [("h", b"1")], 1_000)], TOPIC_ID, PARTITION)
        for at in range(len(batch)):
            for bit in range(8):
                damaged = bytearray(batch)
                damaged[at] ^= 1 << bit
                with self.assertRaises(CorruptBatch, msg=f"byte {at}, bit {bit}"):
                    list(decode(bytes(damaged), TOPIC_ID, PARTITION))

    def test_a_batch_of_another_topic_or_partition_is_found(self):
        batch = encode([Record(b"value")], TOPIC_ID, PARTITION)
        for topic_id, partition in ((b"0123456789abcdeF", PARTITION), (TOPIC_ID, PARTITION + 1)):
            with self.assertRaises(CorruptBatch):
                list(decode(batch, topic_id, partition))

    def test_a_batch_that_is_cut_off_is_found(self):
        batch = encode([Record(b"value")], TOPIC_ID, PARTITION)
        for length in range(1, len(batch)):
            with self.assertRaises(CorruptBatch, msg=f"{length} bytes"):
                list(decode(batch[:length], TOPIC_ID, PARTITION))


if __name__ == "__main__":
    unittest.main()
