# Stands in for a program in PATH: writes its command line down and answers what was recorded.
#
# RECORDED_SCENARIO names a file with rules, an array for each of their fields; the first rule whose
# pattern is found in the command line, and which was not used up, answers. A command line that no
# rule knows is an error, so no test passes on a call that it did not expect.
set -u
line="$*"
# shellcheck source=/dev/null
. "$RECORDED_SCENARIO"
log="$RECORDED_SCENARIO.log"
exec 9>>"$log"
flock 9 # the guardian may call while the run does
mapfile -d '' -t calls <"$log"
chosen=
for n in "${!when[@]}"; do
  [[ $line =~ ${when[n]} ]] || continue
  used=0
  for call in "${calls[@]}"; do
    [[ $call == "${id[n]}"$'\t'* ]] && used=$((used + 1))
  done
  [[ -n ${times[n]} && $used -ge ${times[n]} ]] && continue
  chosen=$n
  break
done
printf '%s\t%s\0' "${chosen:+${id[chosen]}}" "$line" >&9
exec 9>&-
if [[ -z $chosen ]]; then
  echo "no recording of: $line" >&2
  exit 99
fi
printf %s "${stdout[chosen]}"
printf %s "${stderr[chosen]}" >&2
[[ ${seconds[chosen]} == 0 ]] || exec sleep "${seconds[chosen]}" # no child of its own
exit "${exit[chosen]}"
