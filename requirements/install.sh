#!/bin/sh
# Makes .venv in the checkout this file belongs to: the locked packages by their hashes, then the tree itself, editable.
# Does nothing when .venv already fits. Uses uv where there is one, else the venv module and pip of Python.
set -eu
cd "$(dirname "$0")/.."

lock=requirements/dev.lock
stamp=.venv/installed

# What .venv was made from. The path is part of it: scripts in .venv name their interpreter by its full path.
wanted() {
    pwd -P
    cat requirements/install.sh pyproject.toml "$lock"
}

fail() {
    printf 'make install: %s\n' "$1" >&2
    exit 1
}

if [ -x .venv/bin/eqz ] && .venv/bin/python -c '' 2>/dev/null && wanted | cmp -s - "$stamp"; then
    exit 0
fi

# A uv that is only a stand-in of a version manager fails here, and then counts as absent.
export UV_SYSTEM_CERTS=1
has_uv=no
if uv --version >/dev/null 2>&1; then has_uv=yes; fi

is_supported='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))'
python=
without_venv=
for candidate in ${PYTHON:-python3.12 python3.11 python3}; do
    "$candidate" -c "$is_supported" 2>/dev/null || continue
    if [ "$has_uv" = yes ] || "$candidate" -c 'import venv, ensurepip' 2>/dev/null; then
        python=$candidate
        break
    fi
    [ -n "$without_venv" ] || without_venv=$("$candidate" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')
done
if [ -z "$python" ]; then
    [ -z "$without_venv" ] || fail "this Python cannot make virtual environments; install the package $without_venv"
    fail "found no Python 3.11 or 3.12; install the packages python3 and python3-venv (or name one: make PYTHON=/path/to/python3.12)"
fi

rm -rf .venv
PATH=$PWD/.venv/bin:$PATH  # where the build backend looks for its own program
if [ "$has_uv" = yes ]; then
    printf 'make install: %s and uv into .venv\n' "$("$python" --version)" >&2
    uv venv --quiet --no-python-downloads --python "$("$python" -c 'import sys; print(sys.executable)')" .venv
    uv pip install --quiet --python .venv/bin/python --require-hashes -r "$lock"
    uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
else
    printf 'make install: %s and pip into .venv\n' "$("$python" --version)" >&2
    "$python" -m venv .venv
    pip='.venv/bin/python -m pip --disable-pip-version-check --quiet'
    $pip install --require-hashes -r "$lock"
    # The build backend came with the lock, so nothing unlocked is fetched to build the tree.
    $pip install --no-deps --no-build-isolation --editable .
fi
wanted >"$stamp"
