#!/usr/bin/env python3
"""Generates the Python code for the broker's contract into build/, from the .proto files of this repository."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONTRACT = HERE.parent.parent / "proto"
BUILD = HERE / "build"

# Debian's package grpc-proto; with pip, grpcio-reflection brings the generated code.
REFLECTION = Path("/usr/share/grpc-proto/grpc/reflection/v1alpha")


def compiler() -> list[str]:
    """The command line of a protoc that can write gRPC code for Python."""
    plugin = shutil.which("grpc_python_plugin")
    if plugin and shutil.which("protoc"):
        return ["protoc", f"--plugin=protoc-gen-grpc_python={plugin}"]
    if importlib.util.find_spec("grpc_tools"):
        return [sys.executable, "-m", "grpc_tools.protoc"]
    sys.exit(
        "error: There is no protoc for Python here. On Debian: apt install protobuf-compiler-grpc python3-grpcio grpc-proto. "
        "Elsewhere: pip install grpcio grpcio-tools grpcio-reflection"
    )


def generate(command: list[str], folder: Path, *files: Path) -> None:
    arguments = [f"-I{folder}", f"--python_out={BUILD}", f"--grpc_python_out={BUILD}", *map(str, files)]
    if subprocess.run(command + arguments).returncode != 0:
        sys.exit(f"error: {' '.join(command)} failed; it said why above")


def main() -> None:
    contract = sorted(CONTRACT.glob("broker/v1/*.proto"))
    if not contract:
        sys.exit(f"error: There are no .proto files in {CONTRACT}: this script runs inside a clone of the repository.")
    command = compiler()
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir()
    generate(command, CONTRACT, *contract)
    generate(command, HERE, HERE / "error_info.proto")
    if REFLECTION.is_dir():
        generate(command, REFLECTION, REFLECTION / "reflection.proto")
    print(f"{len(contract)} files of the contract → {BUILD.relative_to(Path.cwd()) if BUILD.is_relative_to(Path.cwd()) else BUILD}")


if __name__ == "__main__":
    main()
