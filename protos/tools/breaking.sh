#!/usr/bin/env bash
# The protos against the last release's image: whatever a client or a stored event relies on must still be there.
set -euo pipefail
cd "$(dirname "$0")/../.."
# Images on both sides: a workspace of several modules cannot be compared with one image.
.venv/bin/buf build -o - | .venv/bin/buf breaking - --against protos/released.binpb --exclude-imports \
  --config '{"version":"v2","breaking":{"use":["WIRE_JSON"]}}'
