#!/bin/sh
# Where the kernel refuses namespaces, the demo says so in one sentence and shows the same job
# on lines of the world; the lab says so and runs nothing. The refusal is the kernel's own: a
# user namespace in which no further one of any kind may be made.
set -u
here=$(dirname "$0")
export PYTHONDONTWRITEBYTECODE=1
# shellcheck disable=SC2016 # what the inner shell expands
refuse='for kind in user mnt net pid; do
	echo 0 >/proc/sys/user/max_${kind}_namespaces || exit 9
done
exec "$@"'
into="unshare -Ur sh -c"
if ! unshare -Ur true 2>/dev/null; then # then it is refused already
	into="sh -c"
	# shellcheck disable=SC2016
	refuse='exec "$@"'
fi
refused() {
	$into "$refuse" sh "$@"
}
fail() {
	echo "not so: $1"
	exit 1
}

refused "$here/../lab/enter.py" && fail "the kernel refuses namespaces"
[ $? = 77 ] || fail "what needs namespaces is skipped"
said=$(refused "$here/../lab/lab.py" cable 2>&1) && fail "the lab runs nothing"
[ "$(echo "$said" | wc -l)" = 1 ] || fail "the lab says so in one sentence: $said"

said=$(refused "$here/../lab/lab.py" --demo --faults power) || fail "the demo shows the job: $said"
echo "$said"
echo "$said" | head -n 1 | grep -q "gives no namespaces.*lines of a simulated world" ||
	fail "the demo says so first"
for what in "^[1-9][0-9]* signed segments were sent over HTTP" \
	"^infrastructure.power: infrastructure" "^Pages: .* answer "; do
	echo "$said" | grep -q "$what" || fail "it says $what"
done
folder=$(echo "$said" | sed -n 's/^Report folder: //p')
ls "$folder"/*/report.html >/dev/null || fail "the report folder holds a page"
