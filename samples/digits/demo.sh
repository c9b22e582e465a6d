#!/bin/sh
# The demo where there is no PowerShell: the same story as demo.ps1, told with the program `reprotorch`.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
program=${REPROTORCH:-$root/out/ReproTorch/reprotorch}
out=$root/artifacts/demo
mkdir -p "$out"
cd "$here"

title() { printf '\n%s\n' "$*"; }

# Shows a call as one would type it, and what it says. Exit code 1 means "differs", which is a result; more is an error.
reprotorch() {
    printf '  $ reprotorch'
    for word in "$@"; do
        case $word in "$out"/*) word=${word##*/} ;; esac
        printf ' %s' "$word"
    done
    printf '\n'
    code=0
    "$program" "$@" >"$out/said" 2>&1 || code=$?
    sed 's/^/    /' "$out/said"
    [ "$code" -le 1 ] || exit "$code"
}

run() { reprotorch run digits.pt --input heldout.npz --seed 42 --deterministic --traced -o "$1"; }

# Where the numbers of a run file's only output begin: its member is stored, and begins at byte 64 with a .npy header.
data_of() { echo $((64 + 10 + $(od -An -tu2 -j72 -N2 "$1"))); }

cat <<'TEXT'
Will this model give the same numbers again?

A small network, trained in Python, has read 360 handwritten digits that it never saw in training, and Python recorded
what it answered. Here it is again, without Python.
TEXT

title '1. Run it twice: the same seed, deterministic operators, traced'
run "$out/first.npz"
run "$out/second.npz"
reprotorch compare "$out/first.npz" "$out/second.npz"
same=$code

title '2. Compare with what Python recorded'
reprotorch compare reference.npz "$out/first.npz"
recorded=$code
if [ "$recorded" -eq 1 ]; then
    reprotorch compare reference.npz "$out/first.npz" --close
    recorded_close=$code
    cat <<'TEXT'

   The seed is the same, the bits are not. A seed fixes which random numbers are drawn, not in which order a processor adds
   things up: the recording was made with AVX2 instructions, and here a library may use wider ones. Told to do as there:
TEXT
    title '   The same run with the settings of the recording (ONEDNN_MAX_CPU_ISA, ATEN_CPU_CAPABILITY, OMP_NUM_THREADS)'
    ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 OMP_NUM_THREADS=1
    export ONEDNN_MAX_CPU_ISA ATEN_CPU_CAPABILITY OMP_NUM_THREADS
    run "$out/as-recorded.npz"
    reprotorch compare reference.npz "$out/as-recorded.npz"
    if [ "$code" -eq 0 ]; then
        echo '   So it was the instructions, and nothing else.'
    else
        echo "   It still differs: this is another libtorch or another kind of processor. 'reprotorch env' tells which."
    fi
else
    recorded_close=0
    echo '   The same bits as Python on the machine that made the recording: this one is of the same kind.'
fi

title '3. And is it right?'
# The answer is the class with the greatest of ten scores; labels are int64 behind a header of 128 bytes.
od -An -v -tf4 -j"$(data_of "$out/first.npz")" -N$((360 * 10 * 4)) "$out/first.npz" | tr -s ' ' '\n' | grep . |
    awk '(NR - 1) % 10 == 0 || $1 > best { best = $1; class = (NR - 1) % 10 } NR % 10 == 0 { print class }' >"$out/answers"
od -An -v -td8 -j128 heldout-labels.npy | tr -s ' ' '\n' | grep . >"$out/labels"
paste "$out/answers" "$out/labels" |
    awk '$1 == $2 { right++ } END { printf "   %d of %d digits are read correctly (%.1f %%).\n", right, NR, 100 * right / NR }'

title '4. What goes wrong: one number too many'
echo '   Four weights, right after seeding; then the same seed, but somebody drew one number first:'
reprotorch random --source Torch --method rand --count 4 --seed 42
reprotorch random --source Torch --method rand --count 5 --seed 42
echo '   The sequence is the same, the place in it is not: what comes after the first number is what the weights would be now.'
echo '   Seed right before what must be fixed. (With PowerShell the demo traces the operator that drew.)'

title '5. The whole comparison as a page, with a map and a histogram of the differences'
page=$out/comparison.html
rm -f "$page"
reprotorch compare reference.npz "$out/first.npz" --close --report "$page"
rm -f "$out/said" "$out/answers" "$out/labels"

if [ ! -s "$page" ]; then
    echo 'demo.sh: the page was not written.' >&2
    exit 1
fi
if [ "$same" -ne 0 ] || [ "$recorded_close" -ne 0 ]; then
    echo 'demo.sh: the model did not repeat itself, or is not close to the recording.' >&2
    exit 1
fi
printf '\nOpen it in a browser:\n%s\n' "$page"
