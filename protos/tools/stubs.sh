#!/usr/bin/env bash
# Stubs of the protos for another language, in build/stubs/<language>: `make stubs LANG=typescript|go|python`.
set -euo pipefail
cd "$(dirname "$0")/../.."
language=${1:-}
tools=$PWD/build/tools

case "$language" in
python) ;;
typescript)
  PATH="$PWD/clients/web/node_modules/.bin:$tools/node_modules/.bin:$PATH"
  if ! command -v protoc-gen-es >/dev/null; then
    command -v npm >/dev/null || { echo "stubs for TypeScript need Node.js (node and npm): https://nodejs.org" >&2; exit 1; }
    mkdir -p "$tools"
    npm install --silent --no-fund --no-audit --no-save --prefix "$tools" @bufbuild/protoc-gen-es@2 @bufbuild/protobuf@2 \
      || { echo "npm could not install @bufbuild/protoc-gen-es; is its registry within reach?" >&2; exit 1; }
  fi
  ;;
go)
  command -v go >/dev/null || { echo "stubs for Go need Go itself (go 1.23 or newer): https://go.dev/dl" >&2; exit 1; }
  mkdir -p "$tools/bin"
  PATH="$tools/bin:$PATH"
  for plugin in google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.6 google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.5.1; do
    GOBIN="$tools/bin" go install "$plugin" || { echo "go could not install $plugin" >&2; exit 1; }
  done
  ;;
*)
  echo "which language? make stubs LANG=typescript, LANG=go or LANG=python" >&2
  exit 2
  ;;
esac

rm -rf "build/stubs/$language"
mkdir -p "build/stubs/$language"
# The paths are the source tree's, so that generated code is found under the protos' own names.
.venv/bin/buf generate --template "protos/tools/buf.gen.$language.yaml"
echo "build/stubs/$language: $(find "build/stubs/$language" -type f | wc -l) files"
