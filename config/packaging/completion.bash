# bash completion for faultline-probe and faultline-analyzer: what can stand where is read
# from their own --help, so that it is never out of date.

_faultline() {
	local program=$1 current=$2 previous=$3 commands command='' help word choices

	commands=$("$program" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\)\( .*\)\{0,1\}$/\1/p')
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		if [ -n "$word" ] && grep -qx -e "$word" <<<"$commands"; then
			command=$word
			break
		fi
	done
	help=$(
		"$program" --help
		[ -z "$command" ] || "$program" "$command" --help
	) 2>/dev/null
	if [ "$previous" = = ]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	[ "$current" != = ] || current=
	choices=$(sed -n "s/.* $previous[= ]\([a-z0-9]*|[a-z0-9|]*\).*/\1/p" <<<"$help")
	COMPREPLY=()
	if [[ $previous == --* && -n $choices ]]; then
		mapfile -t COMPREPLY < <(compgen -W "${choices//|/ }" -- "$current")
	elif [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$(grep -o -e '--[a-z][a-z-]*' <<<"$help" | sort -u)" -- "$current")
	elif [ -z "$command" ] && [[ $previous != --* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
	fi
}
complete -o default -F _faultline faultline-probe faultline-analyzer
