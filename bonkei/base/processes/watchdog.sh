# Waits for the supervisor's end, and then has its process groups ended by watchdog.py. Of what waits as
# long as the miniature runs, a shell takes half a megabyte, and Python three.
#
#     sh watchdog.sh PYTHON watchdog.py
#
# Its standard input are the orders that watchdog.py describes.
trap '' HUP INT TERM
python=$1 program=$2
set -- # the orders that still count, at most one for each group
while read -r order group rest; do
    left=$#
    while [ "$left" -gt 0 ]; do
        case $1 in
            "watch $group "*) ;;
            *) set -- "$@" "$1" ;;
        esac
        shift
        left=$((left - 1))
    done
    [ "$order" != watch ] || set -- "$@" "watch $group $rest"
done
[ $# -gt 0 ] || exit 0
printf '%s\n' "$@" | "$python" -I -S "$program" && exit 0
# There is no such Python any more, or it was killed.
for order; do
    group=${order#watch }
    kill -s KILL -- "-${group%% *}"
done
