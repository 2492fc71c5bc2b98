#!/bin/sh
# setup.sh PYTHON VENV: make sure that PYTHON has requirements.txt; writes .skipped with the reason when that cannot be.
set -u
python=$1 venv=$2
rm -f .skipped
needed="import cv2, numpy, onnx, onnxruntime, torch"
"$python" -c "$needed" 2>/dev/null && exit 0
if [ "$python" != "$venv/bin/python" ]; then
  echo "$python lacks what requirements.txt lists. Install it there, or leave PYTHON out to get a fresh $venv." >&2
  exit 1
fi
skip() {
  echo "training checks skipped: $1" >.skipped
  exit 0
}
base=$(command -v python3.11 || command -v python3) || skip "there is no python3. Install Python 3.11 to run them."
"$base" -m venv "$venv" 2>/dev/null || skip "$base cannot make a virtual environment. Install python3-venv to run them."
free=$(df -Pk . | awk 'NR == 2 { print $4 }')
[ "$free" -gt 8000000 ] || skip "torch needs 8 GB of free disk here. Free some, or name a Python that has it: make smoke PYTHON=..."
echo "Installing requirements.txt into $venv (once; with torch about 6 GB)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt ||
  skip "requirements.txt could not be installed (no network?)."
"$venv/bin/python" -c "$needed" || skip "the installed packages do not load here."
