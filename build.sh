#!/usr/bin/env bash
# Builds, tries, tests and packs ReproTorch. The work itself is in build/Build.proj (MSBuild) and CMake; this script finds
# what they need, names each system package before it installs it, and calls them.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: ./build.sh VERB

  build          compile the native library, the module and the program
  demo           build, then run the demo on real handwritten digits
  test [KIND..]  build, then run every test that can run here (kinds: native managed python pester)
  bench [ARG..]  build, then measure beside Python and C++ (takes minutes)
  pack           lay out the module in out/ReproTorch
  clean          remove everything that was built

Environment:
  LIBTORCH           another libtorch than the system's: the folder that holds its share/cmake/Torch
  REPROTORCH_PYTHON  the Python that has the torch to test against (default: the first python3 that has one)
  CONFIGURATION      Release (default) or Debug
TEXT
}

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "build.sh: $*"
    exit 1
}

# ---- what the machine must have ----------------------------------------------------------------------------------

# Puts the named Debian packages that are not there yet into the array `missing`.
find_missing_packages() {
    missing=()
    local package
    for package in "$@"; do
        dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
}

install_packages() {
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "these packages are missing, and there is no sudo to install them: ${missing[*]}
As root: apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
        as_root=(sudo)
    fi
    say "Installing with apt-get: ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Compiler, CMake and libtorch; for tests and benchmarks also Debian's Python torch, which runs on the same libtorch.
need_native_tools() {
    local packages=()
    command -v cmake >/dev/null || packages+=(cmake)
    command -v ninja >/dev/null || packages+=(ninja-build)
    command -v c++ >/dev/null || packages+=(g++)
    if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
        packages+=(libxxhash-dev)
        if [ -z "${LIBTORCH:-}" ]; then
            packages+=(libtorch-dev)
            case $1 in
            test | bench) [ -n "${REPROTORCH_PYTHON:-}" ] || packages+=(python3-torch python3-numpy python3-torchvision) ;;
            esac
        fi
        find_missing_packages "${packages[@]}"
        [ ${#missing[@]} -eq 0 ] || install_packages
        return
    fi

    # Ninja is welcome, not needed.
    local lacking=()
    command -v cmake >/dev/null || lacking+=("CMake 3.18 or later (https://cmake.org, or Homebrew: brew install cmake)")
    command -v c++ >/dev/null || lacking+=("a C++17 compiler (macOS: xcode-select --install; elsewhere GCC 9 or Clang 10 and later)")
    [ -n "${LIBTORCH:-}" ] || lacking+=("libtorch: unpack one from https://pytorch.org (Get Started, LibTorch, C++) and set LIBTORCH to its folder, or, with a Python that has torch: LIBTORCH=\$(python3 -c 'import torch; print(torch.__path__[0])')")
    [ ${#lacking[@]} -eq 0 ] || fail "there is no apt-get here to install these with; please provide:
$(printf '  - %s\n' "${lacking[@]}")
xxHash's headers are needed too (macOS: brew install xxhash; Fedora: dnf install xxhash-devel)."
}

need_dotnet() {
    command -v dotnet >/dev/null || fail "the .NET SDK was not found. Version 10.0 or later is needed: https://dotnet.microsoft.com/download"
    dotnet --version >/dev/null 2>&1 ||
        fail "the .NET SDK on PATH is not 10.0. global.json asks for 10.0.100 or a later 10.0; installed: $(dotnet --list-sdks | cut -d' ' -f1 | paste -sd' ')
Get one from https://dotnet.microsoft.com/download"
}

# ---- the verbs ---------------------------------------------------------------------------------------------------

configuration=${CONFIGURATION:-Release}

run_targets() {
    dotnet msbuild build/Build.proj -nologo -verbosity:minimal "-p:Configuration=$configuration" "-t:$1"
}

first_line() { [ ! -s "$1" ] || head -n 1 "$1"; }

main() {
    local verb=${1:-}
    [ $# -eq 0 ] || shift
    if [ -n "${LIBTORCH:-}" ]; then
        LIBTORCH=$(cd "$LIBTORCH" 2>/dev/null && pwd) || fail "LIBTORCH is not a folder."
        export LIBTORCH
    fi
    cd "$(dirname "${BASH_SOURCE[0]}")"
    export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
    # A build node that outlives the build would keep a CI job's output open.
    [ -z "${CI:-}" ] || export MSBUILDDISABLENODEREUSE=1

    case $verb in
    build | pack | demo | test | bench)
        need_dotnet
        need_native_tools "$verb"
        ;;
    esac
    case $verb in
    build) run_targets Build ;;
    pack) run_targets Pack ;;
    demo)
        run_targets 'FindPowerShell;Pack'
        local pwsh
        pwsh=$(first_line artifacts/tools/pwsh.txt)
        if [ -n "$pwsh" ]; then
            exec "$pwsh" -NoProfile -File samples/digits/demo.ps1 "$@"
        fi
        exec sh samples/digits/demo.sh "$@"
        ;;
    test)
        run_targets 'FindPester;Pack'
        exec dotnet "artifacts/bin/TestRunner/$(tr '[:upper:]' '[:lower:]' <<<"$configuration")/TestRunner.dll" . "$configuration" "$@"
        ;;
    bench)
        run_targets Bench
        exec python3 benchmarks/side_by_side.py "$@"
        ;;
    clean) run_targets Clean ;;
    -h | --help | help) usage ;;
    '')
        usage >&2
        exit 2
        ;;
    *)
        say "build.sh: there is no verb '$verb'."
        usage >&2
        exit 2
        ;;
    esac
}

main "$@"
