#!/usr/bin/env python3
"""Calls any method of a broker without its .proto files: reflection tells what there is. Takes grpcurl's arguments, as far
as one call needs them.

  reflect.py -plaintext 127.0.0.1:9095 list
  reflect.py -plaintext 127.0.0.1:9095 list broker.v1.FetchService
  reflect.py -plaintext -d '{"topic": "notes", "from": {"offset": 0}}' 127.0.0.1:9095 broker.v1.FetchService/Read
"""

from __future__ import annotations

import argparse
import sys

from connection import CHANNEL_OPTIONS, FAILURE, INTERRUPTED, OK, BrokerError, fail  # first: it finds the generated code
import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

try:
    from grpc_reflection.v1alpha import reflection_pb2
except ImportError:
    try:
        import reflection_pb2
    except ImportError:
        sys.exit("error: grpc's reflection.proto is not here. On Debian: apt install grpc-proto and run generate_stubs.py again. "
                 "Elsewhere: pip install grpcio-reflection")

DEADLINE_S = 90


class Reflection:
    """What a server says about itself."""

    def __init__(self, channel: grpc.Channel):
        self._ask = channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString)
        self._pool = descriptor_pool.DescriptorPool()
        self._known: set[str] = set()

    def services(self) -> list[str]:
        return sorted(service.name for service in self._one(list_services="").list_services_response.service)

    def service(self, name: str):
        """The descriptor of a service, with all that its messages need."""
        self._add(self._one(file_containing_symbol=name).file_descriptor_response.file_descriptor_proto)
        return self._pool.FindServiceByName(name)

    def message_class(self, descriptor):
        if hasattr(message_factory, "GetMessageClass"):
            return message_factory.GetMessageClass(descriptor)
        return message_factory.MessageFactory(self._pool).GetPrototype(descriptor)

    def _add(self, serialized_files) -> None:
        files = [descriptor_pb2.FileDescriptorProto.FromString(serialized) for serialized in serialized_files]
        with_imports = {file.name: file for file in files}
        for file in files:
            self._add_file(file, with_imports)

    def _add_file(self, file, others) -> None:
        if file.name in self._known:
            return
        self._known.add(file.name)
        for name in file.dependency:
            # A server may send what a file imports with it, or wait to be asked.
            if name in others:
                self._add_file(others[name], others)
            elif name not in self._known:
                self._add(self._one(file_by_filename=name).file_descriptor_response.file_descriptor_proto)
        self._pool.AddSerializedFile(file.SerializeToString())

    def _one(self, **question):
        response = next(self._ask(iter([reflection_pb2.ServerReflectionRequest(**question)]), timeout=DEADLINE_S))
        if response.HasField("error_response"):
            raise ValueError(f"{next(iter(question.values()))}: {response.error_response.error_message}")
        return response


def call(channel: grpc.Channel, method_name: str, json: str) -> None:
    reflection = Reflection(channel)
    service_name, _, name = method_name.replace("/", ".").rpartition(".")
    method = reflection.service(service_name).methods_by_name.get(name)
    if method is None:
        raise ValueError(f"{service_name} has no method {name}.")
    if is_stream(method):
        raise ValueError(f"{method_name} is a stream; this makes calls of one request and one response.")
    request_class, response_class = reflection.message_class(method.input_type), reflection.message_class(method.output_type)
    request = json_format.Parse(json, request_class())
    invoke = channel.unary_unary(f"/{service_name}/{name}", request_class.SerializeToString, response_class.FromString)
    print(json_format.MessageToJson(invoke(request, timeout=DEADLINE_S)))


def is_stream(method) -> bool:
    # Not every version of protobuf says so on the descriptor itself.
    proto = descriptor_pb2.MethodDescriptorProto()
    method.CopyToProto(proto)
    return proto.client_streaming or proto.server_streaming


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-plaintext", action="store_true", help="without TLS; the only way here")
    parser.add_argument("-d", default="{}", metavar="JSON", help="the request")
    parser.add_argument("server", help="host and port")
    parser.add_argument("what", help="list, or SERVICE/METHOD")
    parser.add_argument("service", nargs="?", help="list the methods of this one")
    args = parser.parse_args()
    try:
        with grpc.insecure_channel(args.server, options=CHANNEL_OPTIONS) as channel:
            if args.what != "list":
                call(channel, args.what, args.d)
            elif args.service:
                print("\n".join(f"{args.service}.{name}" for name in Reflection(channel).service(args.service).methods_by_name))
            else:
                print("\n".join(Reflection(channel).services()))
            return OK
    except grpc.RpcError as error:
        return fail(f"error: {BrokerError.of_call(error, error.code(), error.details(), error.trailing_metadata())}", FAILURE)
    except (ValueError, json_format.ParseError) as error:
        return fail(f"error: {error}", FAILURE)
    except KeyboardInterrupt:
        return fail("interrupted", INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
