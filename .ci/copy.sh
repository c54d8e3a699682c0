# Sourced: a fresh virtual environment, and a copy of the checkout as git sees it, so that nothing is left behind in it.

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

step "copy of the tree, fresh virtual environment"
mkdir "$work/tree"
git -C "$checkout" ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do
        if [ -e "$checkout/$file" ]; then printf '%s\0' "$file"; fi
    done | tar -C "$checkout" --null -T - -cf - | tar -C "$work/tree" -xf -
cd "$work/tree"
python3 -m venv "$work/venv"
# shellcheck disable=SC1091
source "$work/venv/bin/activate"
unset PYTHONPATH "${!FASTACT_@}"
export FASTACT_REQUIRE_EXT=1 PIP_DISABLE_PIP_VERSION_CHECK=1
