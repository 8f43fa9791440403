#!/usr/bin/env bash
# Lints the chart and installs it in every variant into a stand-in for the Kubernetes API, with Helm's own code. Needs
# Python 3.11 or newer and a way to install Python packages; no cluster, no helm. What it installs goes into a temporary
# folder and is removed.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
tmp="$(mktemp -d)"
trap 'rm -rf "$tmp"' EXIT

"${PYTHON:-python3}" -c 'import sys; sys.exit(sys.version_info < (3, 11) and "helm/check.sh needs Python 3.11 or newer; set PYTHON")'
"${PYTHON:-python3}" -m venv "$tmp/venv"
pip=("$tmp/venv/bin/pip" install --quiet --disable-pip-version-check)
"${pip[@]}" 'cffi==2.1.1' 'kubernetes-validate==1.37.0' 'PyYAML==6.0.3'
# It asks for Python 3.12 but uses nothing that 3.11 lacks; the library in it is Helm, in Go.
"${pip[@]}" --no-deps --ignore-requires-python 'helm-sdkpy==0.1.32'

# Helm keeps its caches and settings below HOME; leave the caller's alone.
export HOME="$tmp" HELM_CACHE_HOME="$tmp/cache" HELM_CONFIG_HOME="$tmp/config" HELM_DATA_HOME="$tmp/data"
unset KUBECONFIG
# Its records of releases stay in its memory: it would send them as protobuf, which the stand-in does not read.
export HELM_DRIVER=memory
PYTHONDONTWRITEBYTECODE=1 "$tmp/venv/bin/python" "$here/check.py"
echo "the chart is sound"
