#!/usr/bin/env python3
"""Topics and plain records from Python: no batches, no streams, nothing but calls that generated code can make.

  broker_example.py create notes --partitions 2
  broker_example.py append notes "first" "second"
  broker_example.py read notes
  broker_example.py tail notes
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import sys

from connection import BrokerError, ask, open_channel, run  # first: it finds the generated code
from broker.v1 import admin_pb2, admin_pb2_grpc, common_pb2, fetch_pb2, fetch_pb2_grpc, produce_pb2, produce_pb2_grpc

# How long a call may take; nobody knows the outcome of an append that took longer.
DEADLINE_S = 30
# How long a read waits at the broker for something to come; its deadline is longer than that.
WAIT_S = 30
# Records in one append: one batch, acknowledged as a whole.
APPEND_RECORDS_MAX = 500


async def create(args: argparse.Namespace) -> None:
    async with open_channel(args.server) as channel:
        admin = admin_pb2_grpc.AdminServiceStub(channel)
        request = admin_pb2.CreateTopicRequest(name=args.topic, partition_count=args.partitions, config=dict(args.config))
        topic = (await ask(admin.CreateTopic(request, timeout=DEADLINE_S))).topic
        print(f"topic '{topic.name}' created: {topic.partition_count} partitions")


async def append(args: argparse.Namespace) -> None:
    lines = [line.rstrip(b"\n") for line in sys.stdin.buffer] if args.values == ["-"] else None
    values = lines if lines is not None else [value.encode() for value in args.values]
    headers = [common_pb2.Header(key=name, value=value.encode()) for name, value in args.header]
    key = None if args.key is None else args.key.encode()
    async with open_channel(args.server) as channel:
        produce = produce_pb2_grpc.ProduceServiceStub(channel)
        for start in range(0, len(values), APPEND_RECORDS_MAX):
            records = [common_pb2.Record(key=key, value=value, headers=headers) for value in values[start:start + APPEND_RECORDS_MAX]]
            # Sent once: whoever repeats an append whose answer was lost may write its records twice.
            request = produce_pb2.AppendRequest(topic=args.topic, partition=args.partition, records=records)
            ack = await ask(produce.Append(request, timeout=DEADLINE_S))
            last = ack.base_offset + len(records) - 1
            print(f"partition {ack.partition}, offset {ack.base_offset}" + (f" to {last}" if len(records) > 1 else ""))


async def read(args: argparse.Namespace) -> None:
    """What is there now, partition by partition."""
    left = args.count
    async with open_channel(args.server) as channel:
        fetch = fetch_pb2_grpc.FetchServiceStub(channel)
        for partition in await partitions(channel, args):
            place = args.start
            while left > 0:
                request = fetch_pb2.ReadRequest(topic=args.topic, partition=partition, max_records=min(left, 500))
                getattr(request, "from").CopyFrom(place)
                response = await ask(fetch.Read(request, timeout=DEADLINE_S))
                show(partition, response.records)
                left -= len(response.records)
                place = common_pb2.OffsetSpec(offset=response.next_offset)
                if response.next_offset >= response.high_watermark:
                    break


async def tail(args: argparse.Namespace) -> None:
    """What is there, and then what comes: for each partition, one read after the other waits at the broker."""
    async with open_channel(args.server) as channel:
        away: set[int] = set()
        await asyncio.gather(*[follow(channel, args, partition, away) for partition in await partitions(channel, args)])


async def follow(channel, args: argparse.Namespace, partition: int, away: set[int]) -> None:
    """Away are the partitions that wait for the broker to come back: said once for all of them."""
    fetch = fetch_pb2_grpc.FetchServiceStub(channel)
    request = fetch_pb2.ReadRequest(topic=args.topic, partition=partition, max_wait_ms=WAIT_S * 1000)
    # Looked up once: "latest" must mean the same record after a lost connection.
    where = fetch_pb2.ListOffsetsRequest(topic=args.topic, partitions=[partition], at=args.start)
    offset = (await ask(fetch.ListOffsets(where, timeout=DEADLINE_S))).offsets[0].offset
    pause_s = 0.1
    while True:
        getattr(request, "from").offset = offset
        try:
            response = await ask(fetch.Read(request, timeout=WAIT_S + DEADLINE_S))
        except BrokerError as error:
            # Reading again is always safe: the offset says where.
            if not error.retriable:
                raise
            if not away:
                print(f"{error}; trying again", file=sys.stderr)
            away.add(partition)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 2)
            continue
        if away:
            print(f"{args.server} answers again", file=sys.stderr)
            away.clear()
        pause_s = 0.1
        show(partition, response.records)
        offset = response.next_offset


async def partitions(channel, args: argparse.Namespace) -> list[int]:
    """All of the topic, unless one was named. Also says at once when there is no such topic, or no broker."""
    request = admin_pb2.DescribeTopicRequest(name=args.topic)
    topic = await ask(admin_pb2_grpc.AdminServiceStub(channel).DescribeTopic(request, timeout=DEADLINE_S))
    return [p.partition for p in topic.partitions] if args.partition is None else [args.partition]


def show(partition: int, records) -> None:
    for read_record in records:
        record = read_record.record
        # Absent is null, which is not the same as empty.
        key = record.key.decode(errors="replace") if record.HasField("key") else "-"
        value = record.value.decode(errors="replace") if record.HasField("value") else "-"
        print(f"{partition}/{read_record.offset}\t{key}\t{value}")
    sys.stdout.flush()


def place_of(text: str) -> common_pb2.OffsetSpec:
    """earliest, latest, an offset, or a time in ISO 8601."""
    if text in ("earliest", "latest"):
        return common_pb2.OffsetSpec(log_end=f"LOG_END_{text.upper()}")
    if text.isdigit():
        return common_pb2.OffsetSpec(offset=int(text))
    try:
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not earliest, latest, an offset or a time such as 2001-02-01T00:00:00Z") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
    return common_pb2.OffsetSpec(timestamp_ms=round(moment.timestamp() * 1000))


def pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(action, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(action.__name__, help=text, description=text)
        sub.add_argument("topic")
        sub.add_argument("--server", default="127.0.0.1:9095", help="host and port (default: %(default)s)")
        sub.set_defaults(action=action)
        return sub

    sub = command(create, "Make a topic")
    sub.add_argument("--partitions", type=int, default=0, help="how many (default: the broker's, 4)")
    sub.add_argument("--config", type=pair, action="append", default=[], metavar="NAME=VALUE", help="such as retention.ms=3600000")
    sub = command(append, "Write records, acknowledged when they are on disk")
    sub.add_argument("values", nargs="+", metavar="value", help="one record each; - for the lines of standard input")
    sub.add_argument("--key", help="of all of them; chooses the partition")
    sub.add_argument("--header", type=pair, action="append", default=[], metavar="NAME=VALUE")
    sub.add_argument("--partition", type=int, help="write to this one")
    for action, text, start in ((read, "Print what is there", "earliest"), (tail, "Print what is there and what comes", "latest")):
        sub = command(action, text)
        sub.add_argument("--partition", type=int, help="only this one")
        sub.add_argument("--from", dest="start", type=place_of, default=start, metavar="PLACE",
                         help="earliest, latest, an offset or a time (default: %(default)s)")
        if action is read:
            sub.add_argument("--count", type=int, default=sys.maxsize, help="at most so many records", metavar="N")
    return parser.parse_args()


if __name__ == "__main__":
    arguments = parse()
    sys.exit(run(arguments.action(arguments)))
