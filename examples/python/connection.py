"""What every client of the broker needs: a channel, errors with their facts, and exit codes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Awaitable, Iterable

sys.path.insert(0, str(Path(__file__).resolve().parent / "build"))

try:
    import grpc
except ImportError:
    sys.exit("error: Python's grpc is not here. On Debian: apt install python3-grpcio. Elsewhere: pip install grpcio")
try:
    import error_info_pb2
except ModuleNotFoundError:
    sys.exit("error: The generated code is not here: run generate_stubs.py first.")

OK, FAILURE, INTERRUPTED = 0, 1, 130

CHANNEL_OPTIONS = [
    # A response holds at least one batch, and a batch may be large.
    ("grpc.max_receive_message_length", 16 << 20),
    # Finds out that the other machine is gone when nothing is under way that would tell.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    # An http_proxy of the environment is not meant for this.
    ("grpc.enable_http_proxy", 0),
    # Somebody waits for the broker to come back: the default grows to two minutes.
    ("grpc.max_reconnect_backoff_ms", 1_000),
]


class BrokerError(Exception):
    """What the broker said, or what is known when it said nothing."""

    def __init__(self, message: str, reason: str, definite: bool, retriable: bool, metadata: dict[str, str]):
        super().__init__(message)
        self.message = message
        self.reason = reason
        # True: the write certainly did not happen. False: nobody knows.
        self.definite = definite
        # True: the same request may succeed later.
        self.retriable = retriable
        self.metadata = metadata

    @classmethod
    def of_call(cls, call: grpc.RpcError | grpc.aio.Call, code: grpc.StatusCode, details: str, trailers: Iterable) -> BrokerError:
        """From the status of a call: the facts are in the trailer grpc-status-details-bin, a google.rpc.Status."""
        for key, value in trailers or ():
            if key == "grpc-status-details-bin":
                for detail in error_info_pb2.Status.FromString(value).details:
                    if detail.type_url.endswith("/google.rpc.ErrorInfo"):
                        info = error_info_pb2.ErrorInfo.FromString(detail.value)
                        facts = dict(info.metadata)
                        definite, retriable = (facts.pop(name, "false") == "true" for name in ("definite", "retriable"))
                        return cls(details, info.reason, definite, retriable, facts)
        # Nothing from the broker itself: a connection that broke or never was, a deadline, another program on its port.
        lost = code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)
        return cls(f"The broker does not answer: {details}" if lost else details, code.name, False, lost, {})

    @classmethod
    def of_stream(cls, error) -> BrokerError:
        """From the Error that stands for one batch or one partition within a stream."""
        return cls(error.message, error.reason, error.definite, error.retriable, dict(error.metadata))

    def __str__(self) -> str:
        facts = ["definite" if self.definite else "not definite", "retriable" if self.retriable else "not retriable"]
        facts += [f"{name}={value}" for name, value in sorted(self.metadata.items())]
        return f"{self.message} [{self.reason}, {', '.join(facts)}]"


def open_channel(server: str) -> grpc.aio.Channel:
    return grpc.aio.insecure_channel(server, options=CHANNEL_OPTIONS)


async def ask(call: grpc.aio.UnaryUnaryCall):
    """The response of a unary call, or BrokerError."""
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        raise BrokerError.of_call(error, error.code(), error.details(), error.trailing_metadata()) from error


async def ended(call: grpc.aio.StreamStreamCall) -> BrokerError:
    """Why a stream is over."""
    return BrokerError.of_call(call, await call.code(), await call.details(), await call.trailing_metadata())


def run(command: Awaitable[None]) -> int:
    """Runs a command to its end and returns the exit code; what went wrong is one line on standard error."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # asyncio has one of its own, which waits for a read of standard input to end.
        signal.signal(signal.SIGINT, interrupt)
    try:
        asyncio.run(command)
        sys.stdout.flush()
        return OK
    except (BrokerError, ValueError) as error:
        return fail(f"error: {error}", FAILURE)
    except KeyboardInterrupt:
        return fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output, such as head, has enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def interrupt(*_) -> None:
    raise KeyboardInterrupt


def fail(line: str, code: int) -> int:
    print(line, file=sys.stderr)
    return code
