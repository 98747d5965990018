"""A compiler plugin for Python: messages, their types, and services, in one; for buf, which knows plugins only.

Reads a CodeGeneratorRequest, writes a CodeGeneratorResponse; the work is grpc_tools'.
"""

import sys
import tempfile
from pathlib import Path

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc


def generate(request: CodeGeneratorRequest) -> CodeGeneratorResponse:
    """What grpc_tools makes of the files that are asked for."""
    response = CodeGeneratorResponse(supported_features=CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL)
    with tempfile.TemporaryDirectory() as folder:
        descriptors = Path(folder) / "descriptors"
        descriptors.write_bytes(FileDescriptorSet(file=request.proto_file).SerializeToString())
        out = Path(folder) / "out"
        out.mkdir()
        options = [f"--{kind}_out={out}" for kind in ("python", "pyi", "grpc_python")]
        command = ["protoc", f"--descriptor_set_in={descriptors}", *options, *request.file_to_generate]
        if protoc.main(command) != 0:
            response.error = "grpc_tools refused the files"
            return response
        for path in sorted(out.rglob("*.py*")):
            response.file.add(name=path.relative_to(out).as_posix(), content=path.read_text(encoding="utf-8"))
    return response


if __name__ == "__main__":
    answer = generate(CodeGeneratorRequest.FromString(sys.stdin.buffer.read()))
    sys.stdout.buffer.write(answer.SerializeToString())
