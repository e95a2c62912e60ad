#!/usr/bin/env python3
"""The two streams from Python, written from docs/protocol.md and docs/format.md alone: a start for a client in another language.

  stream_client.py produce notes --key-field origin < flights.ndjson
  stream_client.py fetch notes --from earliest
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import itertools
import json
import random
import sys
from dataclasses import dataclass
from typing import AsyncIterator, Iterable, Iterator

from connection import BrokerError, ask, ended, open_channel, run  # first: it finds the generated code
import grpc
from broker.v1 import admin_pb2, admin_pb2_grpc, common_pb2, fetch_pb2, fetch_pb2_grpc, produce_pb2, produce_pb2_grpc
from broker_example import DEADLINE_S, place_of
from stored_batch import CorruptBatch, Record, decode, encode, partition_of

# The protocol promises something every 5 s.
SILENCE_S = 20
# Enough to keep the disk busy: an ack waits for a sync.
IN_FLIGHT_MAX = 20


@dataclass
class Batch:
    """A batch until it is acknowledged. Its bytes never change: they are what the broker knows it by."""

    partition: int
    count: int
    stored: bytes
    # Sent on a connection that broke before the answer: it may be in the log.
    in_doubt: bool = False


class ProduceFailed(BrokerError):
    """A batch was refused for good. What it and those behind it came to is in the message."""

    def __init__(self, error: BrokerError, batches: Iterable[Batch]):
        batches = list(batches)
        unknown = sum(b.count for b in batches if b.in_doubt or not error.definite)
        unwritten = sum(b.count for b in batches) - unknown
        outcome = f"{unwritten} records were not written" + (f", of {unknown} nobody knows" if unknown else "")
        super().__init__(f"{error.message} {outcome}.", error.reason, unknown == 0, error.retriable, error.metadata)


class StreamProducer:
    """Writes each batch once, in order, whatever breaks when: docs/protocol.md, "Sequences" and "Retries".

    What it leaves out is rule 3's second half: after a refusal for good it gives up, rather than renumber what is behind.
    """

    def __init__(self, channel: grpc.aio.Channel, topic: admin_pb2.Topic, producer: produce_pb2.InitProducerResponse, in_flight_max: int):
        self._stub = produce_pb2_grpc.ProduceServiceStub(channel)
        self._topic_id = topic.topic_id
        self._producer = producer
        self._in_flight_max = in_flight_max
        self._next_sequences: dict[int, int] = collections.defaultdict(int)
        self._unacked: collections.deque[Batch] = collections.deque()

    @classmethod
    async def open(cls, channel: grpc.aio.Channel, topic: admin_pb2.Topic) -> StreamProducer:
        info = await ask(admin_pb2_grpc.AdminServiceStub(channel).GetServerInfo(admin_pb2.GetServerInfoRequest(), timeout=DEADLINE_S))
        init = produce_pb2.InitProducerRequest(client_id="stream_client.py")
        producer = await ask(produce_pb2_grpc.ProduceServiceStub(channel).InitProducer(init, timeout=DEADLINE_S))
        # Never more in flight than the broker remembers: else a repeated batch might not be known any more.
        return cls(channel, topic, producer, min(IN_FLIGHT_MAX, info.limits.producer_window_batches))

    def batch(self, partition: int, records: list[Record]) -> Batch:
        """Numbers the records; the batch must then be sent, in this order."""
        sequence = self._next_sequences[partition]
        self._next_sequences[partition] += len(records)
        stored = encode(
            records, self._topic_id, partition, self._producer.producer_id, self._producer.producer_epoch, sequence)
        return Batch(partition, len(records), stored)

    async def send(self, batches: Iterator[Batch]) -> AsyncIterator[tuple[Batch, produce_pb2.BatchResult]]:
        """Sends all of them, and gives each with its ack."""
        pause_s = 0.1
        while True:
            refusal = None
            try:
                async for batch, result in self._send_over_one_stream(batches):
                    pause_s = 0.1
                    yield batch, result
                return
            except BrokerError as error:
                refusal = error
            if not refusal.retriable:
                raise ProduceFailed(refusal, self._unacked)
            # Rule 1: the same bytes, in the same order, after a growing wait in which not everybody comes at once.
            print(f"{refusal}; sending {len(self._unacked)} batches again", file=sys.stderr)
            await asyncio.sleep(pause_s * random.uniform(0.5, 1))
            pause_s = min(pause_s * 2, 2)

    async def _send_over_one_stream(self, batches: Iterator[Batch]) -> AsyncIterator[tuple[Batch, produce_pb2.BatchResult]]:
        call = self._stub.Produce()
        correlation_ids = itertools.count(1)
        in_flight: collections.deque[tuple[int, Batch]] = collections.deque()
        refused: list[Batch] = []
        refusal: BrokerError | None = None
        try:
            while True:
                # Rule 2: after a refusal nothing more until everything in flight was answered.
                while refusal is None and len(in_flight) < self._in_flight_max:
                    if len(in_flight) == len(self._unacked):
                        if (batch := next(batches, None)) is None:
                            break
                        self._unacked.append(batch)
                    batch = self._unacked[len(in_flight)]
                    correlation_id = next(correlation_ids)
                    in_flight.append((correlation_id, batch))
                    await call.write(produce_pb2.ProduceRequest(correlation_id=correlation_id, batches=[
                        produce_pb2.PartitionBatch(topic_id=self._topic_id, partition=batch.partition, stored_batch=batch.stored)]))
                if not in_flight:
                    break
                response = await call.read()
                if response is grpc.aio.EOF:
                    raise await ended(call)
                for ack in response.acks:
                    # Acks come in the order of the requests.
                    correlation_id, batch = in_flight.popleft()
                    if correlation_id != ack.correlation_id:
                        raise AssertionError(f"an ack for request {ack.correlation_id} where {correlation_id} was next")
                    self._unacked.popleft()
                    (result,) = ack.results
                    if result.HasField("error"):
                        refused.append(batch)
                        refusal = refusal or BrokerError.of_stream(result.error)
                    else:
                        yield batch, result
            await call.done_writing()
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            # A write on a stream that is over: the status says why.
            raise await ended(call) from None
        finally:
            for _, batch in in_flight:
                batch.in_doubt = True
            self._unacked.extendleft(reversed(refused))
            call.cancel()
        if refusal is not None:
            raise refusal


class Fetcher:
    """Follows partitions through lost connections, and verifies all that can be verified: "The fetch stream"."""

    def __init__(self, channel: grpc.aio.Channel, topic: admin_pb2.Topic, places: dict[int, common_pb2.OffsetSpec], credit_bytes: int):
        self._stub = fetch_pb2_grpc.FetchServiceStub(channel)
        self._topic_id = topic.topic_id
        # Where to start, and from then on the offset after the last record that was handed on.
        self._places = places
        self._credit_bytes = credit_bytes

    async def records(self) -> AsyncIterator[tuple[int, Record | None]]:
        """Record after record with its partition; None for a record says that the partition has no more for now."""
        pause_s = 0.1
        while True:
            try:
                async for partition, record in self._records_of_one_stream():
                    pause_s = 0.1
                    yield partition, record
            except BrokerError as error:
                if not error.retriable:
                    raise
                print(f"{error}; trying again", file=sys.stderr)
            await asyncio.sleep(pause_s * random.uniform(0.5, 1))
            pause_s = min(pause_s * 2, 2)

    async def _records_of_one_stream(self) -> AsyncIterator[tuple[int, Record | None]]:
        call = self._stub.Fetch()
        partitions = dict(enumerate(self._places, start=1))
        starts = [
            fetch_pb2.FetchStart(start_id=start_id, topic_id=self._topic_id, partition=partition, **{"from": self._places[partition]})
            for start_id, partition in partitions.items()
        ]
        consumed_bytes = 0
        try:
            await call.write(fetch_pb2.FetchRequest(starts=starts, credit_bytes=self._credit_bytes))
            while True:
                response = await asyncio.wait_for(call.read(), SILENCE_S)
                if response is grpc.aio.EOF:
                    raise await ended(call)
                if response.HasField("error"):
                    raise BrokerError.of_stream(response.error)
                if response.start_id == 0:
                    continue  # A heartbeat.
                partition = partitions[response.start_id]
                offset = response.first_offset
                for record in decode(response.batches, self._topic_id, partition):
                    if record.offset < offset:
                        continue  # Whole batches: the first one may begin before what was asked for.
                    if record.offset != offset:
                        raise CorruptBatch(f"partition {partition}: offset {record.offset} where {offset} was next")
                    offset += 1
                    yield partition, record
                self._places[partition] = common_pb2.OffsetSpec(offset=offset)
                if offset >= response.high_watermark:
                    yield partition, None
                # Credit goes back in few and large steps.
                consumed_bytes += len(response.batches)
                if consumed_bytes >= self._credit_bytes / 4:
                    await call.write(fetch_pb2.FetchRequest(credit_bytes=consumed_bytes))
                    consumed_bytes = 0
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            raise await ended(call) from None
        except asyncio.TimeoutError:
            raise BrokerError(f"Nothing came for {SILENCE_S} s.", "SILENCE", True, True, {}) from None
        finally:
            call.cancel()


async def describe(channel: grpc.aio.Channel, name: str) -> admin_pb2.Topic:
    request = admin_pb2.DescribeTopicRequest(name=name)
    return (await ask(admin_pb2_grpc.AdminServiceStub(channel).DescribeTopic(request, timeout=DEADLINE_S))).topic


async def produce(args: argparse.Namespace) -> None:
    async with open_channel(args.server) as channel:
        topic = await describe(channel, args.topic)
        producer = await StreamProducer.open(channel, topic)
        sent: list[Batch] = []
        async for batch, result in producer.send(batches_of_lines(producer, topic, args)):
            show_ack(batch, result)
            sent.append(batch)
        if args.resend:
            # As a client does whose connection broke before the acks came. The last few: the broker forgets older ones.
            async for batch, result in producer.send(iter(sent[-producer._in_flight_max:])):
                show_ack(batch, result)


def batches_of_lines(producer: StreamProducer, topic: admin_pb2.Topic, args: argparse.Namespace) -> Iterator[Batch]:
    """A batch for each partition of so many lines of standard input."""
    waiting: dict[int, list[Record]] = collections.defaultdict(list)
    for number, line in enumerate(sys.stdin.buffer, start=1):
        value = line.rstrip(b"\n")
        key = key_of(value, args.key_field, number) if args.key_field else None
        partition = partition_of(key, topic.partition_count) if key is not None else args.partition
        waiting[partition].append(Record(value, key))
        if len(waiting[partition]) == args.batch:
            yield producer.batch(partition, waiting.pop(partition))
    for partition, records in waiting.items():
        yield producer.batch(partition, records)


def key_of(value: bytes, field: str, number: int) -> bytes:
    try:
        return str(json.loads(value)[field]).encode()
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"Line {number} is no JSON object with a field {field!r}.") from None


def show_ack(batch: Batch, result: produce_pb2.BatchResult) -> None:
    again = ", a duplicate: it was there already" if result.duplicate else ""
    print(f"partition {batch.partition}, offset {result.base_offset}: {batch.count} records{again}", flush=True)


async def fetch(args: argparse.Namespace) -> None:
    async with open_channel(args.server) as channel:
        topic = await describe(channel, args.topic)
        wanted = range(topic.partition_count) if args.partition is None else [args.partition]
        fetcher = Fetcher(channel, topic, {partition: args.start for partition in wanted}, args.credit)
        at_end: set[int] = set()
        count = 0
        async for partition, record in fetcher.records():
            if record is None:
                at_end.add(partition)
                sys.stdout.flush()
            else:
                at_end.discard(partition)
                count += 1
                sys.stdout.buffer.write((record.value or b"") + b"\n")
            if count == args.count or (args.exit_at_end and len(at_end) == len(wanted)):
                return


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(action, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(action.__name__, help=text, description=text)
        sub.add_argument("topic")
        sub.add_argument("--server", default="127.0.0.1:9095", help="host and port (default: %(default)s)")
        sub.set_defaults(action=action)
        return sub

    sub = command(produce, "Write the lines of standard input, each once")
    sub.add_argument("--partition", type=int, default=0, help="for records without a key (default: %(default)s)")
    sub.add_argument("--key-field", metavar="NAME", help="take the key from this field of each line, a JSON object")
    sub.add_argument("--batch", type=int, default=500, metavar="N", help="records in a batch (default: %(default)s)")
    sub.add_argument("--resend", action="store_true", help="send the last batches again, to see what is answered")
    sub = command(fetch, "Print values, and follow")
    sub.add_argument("--partition", type=int, help="only this one")
    sub.add_argument("--from", dest="start", type=place_of, default="earliest", metavar="PLACE",
                     help="earliest, latest, an offset or a time (default: %(default)s)")
    sub.add_argument("--count", type=int, help="end after so many records", metavar="N")
    sub.add_argument("--exit-at-end", action="store_true", help="end when all that is there was printed")
    sub.add_argument("--credit", type=int, default=8 << 20, metavar="BYTES", help="granted to the broker (default: 8 MiB)")
    return parser.parse_args()


if __name__ == "__main__":
    arguments = parse()
    sys.exit(run(arguments.action(arguments)))
