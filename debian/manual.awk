# Puts README's table of configuration keys, which a test keeps equal to the code, into the manual page at @KEYS@:
#
#     awk -f debian/manual.awk README.md debian/fastrelay.json5.5.in

# Text for roff: nothing in it is a macro or an escape.
function plain(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    sub(/^[.']/, "\\\\\\&&", text)
    return text
}

# As one argument of a macro.
function argument(text) {
    text = plain(text)
    gsub(/"/, "\\(dq", text)
    gsub(/ /, "\\ ", text)
    return text
}

# What stands between grave accents, in bold.
function emphasised(text,    parts, count, i, result) {
    count = split(text, parts, "`")
    for (i = 1; i <= count; i++) result = result (i % 2 ? plain(parts[i]) : "\\fB" plain(parts[i]) "\\fP")
    # A sentence begins a line, so that roff sees where one ends.
    gsub(/\. /, ".\n", result)
    return result
}

FNR == NR && /^<!-- configuration table/ { inside = 1; next }
FNR == NR && /^<!-- end of configuration table/ { inside = 0; next }
FNR == NR && inside && /^\| `/ {
    split($0, cells, / \| /)
    key = cells[1]; standard = cells[3]; meaning = cells[4]
    gsub(/^\| |`/, "", key)
    gsub(/`/, "", standard)
    sub(/ \|$/, "", meaning)
    keys = keys ".It Cm " argument(key) "\n" emphasised(meaning) "\n.br\n" \
        plain(toupper(substr(cells[2], 1, 1)) substr(cells[2], 2)) "; default\n.Li " argument(standard) " .\n"
    count++
}
FNR == NR { next }

/^@KEYS@$/ { printf "%s", keys; next }
{ print }

END {
    # A manual page without its keys would be built in silence.
    if (count < 20) { print "manual.awk: README.md has no table of keys" > "/dev/stderr"; exit 1 }
}
