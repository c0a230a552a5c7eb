#!/bin/sh
# Writes a C file with the named files built in: the table of gateway/embedded.h.
# usage: embed.sh FILE... (sorted by name)
echo '#include "gateway/embedded.h"'
n=0
for f in "$@"; do
	printf '__asm__(".section .rodata\\n.balign 16\\nembed_%d:\\n' $n
	printf '.incbin \\"%s\\"\\nembed_%d_end:\\n.byte 0\\n.previous\\n");\n' "$f" $n
	printf 'extern const char embed_%d[], embed_%d_end[];\n' $n $n
	n=$((n + 1))
done
echo 'const struct embedded embedded_files[] = {'
n=0
for f in "$@"; do
	printf '\t{ "%s", embed_%d, embed_%d_end },\n' "$f" $n $n
	n=$((n + 1))
done
printf '\t{ 0, 0, 0 },\n};\n'
