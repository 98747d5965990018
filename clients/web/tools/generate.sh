#!/usr/bin/env bash
# Makes the TypeScript stubs (git-ignored) of what a browser calls, by the same compiler as the Python ones.
set -euo pipefail
cd "$(dirname "$0")/../../.."
out=clients/web/src/gen
rm -rf "$out.new" && mkdir -p "$out.new"
.venv/bin/python -m grpc_tools.protoc -Iprotos/vendor -Iprotos \
  --plugin=protoc-gen-es=clients/web/node_modules/.bin/protoc-gen-es \
  --es_out="$out.new" --es_opt=target=ts,import_extension=none \
  $(cd protos && find podium/common podium/events podium/pods podium/tasks podium/web podium/jobs -name '*.proto') buf/validate/validate.proto
rm -rf "$out" && mv "$out.new" "$out"
