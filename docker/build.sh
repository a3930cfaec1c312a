#!/bin/sh
# Builds the image: docker/build.sh [BASE] [TAG]
#
# The locked packages are fetched inside the base, so they fit its Python whatever Python this machine has, and are checked against
# their hashes twice: when fetched and when installed. DOCKER_NETWORK=host lets the fetching container use this machine's
# network; PIP_CERT or SSL_CERT_FILE names a certificate bundle it should trust, PIP_INDEX_URL another index.
set -eu
cd "$(dirname "$0")/.."

base=${1:-python:3.12-slim-bookworm}
tag=${2:-eqazyna}
network=${DOCKER_NETWORK:-bridge}
certificates=${PIP_CERT:-${SSL_CERT_FILE:-}}
context=build/docker

make --no-print-directory install
rm -rf "$context"
mkdir -p "$context/packages"
cp docker/Dockerfile requirements/run.lock "$context"
PATH=$PWD/.venv/bin:$PATH .venv/bin/python -c 'import sys, uv_build; uv_build.build_wheel(sys.argv[1])' "$context" >/dev/null

set -- --rm --network "$network" --user "$(id -u):$(id -g)" --env HOME=/tmp --tmpfs /tmp:exec \
    --volume "$PWD/$context:/context" --env PIP_INDEX_URL
if [ -n "$certificates" ]; then
    set -- "$@" --volume "$certificates:/certificates.pem:ro" --env PIP_CERT=/certificates.pem
fi
docker run "$@" "$base" sh -c '
    python3 -m venv /tmp/fetch &&
    /tmp/fetch/bin/python -m pip --disable-pip-version-check download --quiet --only-binary :all: \
        --require-hashes --requirement /context/run.lock --dest /context/packages'

docker build --network none --build-arg BASE="$base" --tag "$tag" "$context"
