# Finds Python 3.11 or newer and sets PYTHON, or says in one sentence that there is none.
for candidate in "$PYTHON" python3 python3.13 python3.12 python3.11 python; do
    [ -n "$candidate" ] || continue
    command -v "$candidate" >/dev/null 2>&1 || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        PYTHON=$candidate
        return 0
    fi
done
echo "Jangbu needs Python 3.11 or newer, and there is none here: install python3.11 (or set PYTHON to its path)." >&2
exit 1
