# Uwaga.  `make run` shows the whole job on sample messages, `make test` passes
# the tests; both install what is missing first (Debian packages).
B       ?= build
PREFIX  ?= /usr/local
CC      ?= gcc
CFLAGS  ?= -O2 -g
comma   := ,
SAN_FLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
HARDEN  := -fstack-protector-strong -fPIE -fstack-clash-protection $(if $(SAN),,-D_FORTIFY_SOURCE=2)
WARN    := -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes $(if $(WERROR),-Werror)
XML     := $(shell pkg-config --cflags libxml-2.0 2>/dev/null)
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -I. $(XML) $(WARN) $(HARDEN) $(CFLAGS) $(SAN_FLAGS) -MMD -MP
LDLIBS  := -letpan -lxml2 -lical -lutf8proc -lgnutls -lsqlite3 -lzstd -lseccomp -lconfuse -ljansson -lpcre2-8 -lpthread
LDFLAGS_ALL = -pie -Wl,-z,relro,-z,now $(LDFLAGS) $(SAN_FLAGS)

SRC   := $(sort $(wildcard parsers/*.c templates/*.c gateway/*.c))
OBJ   := $(SRC:%.c=$(B)/%.o)
LIB   := $(B)/libuwaga.a
UNIT  := $(patsubst tests/unit/%.c,$(B)/unit/%,$(sort $(wildcard tests/unit/test_*.c)))
EMBED := $(sort $(wildcard schema/*.sql templates/*.tsv templates/*/*.txt templates/*/*.html samples/seed/*.json))

all: $(B)/uwaga

$(B)/uwaga: $(B)/gateway/main.o $(LIB)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS)

$(LIB): $(filter-out $(B)/gateway/main.o,$(OBJ)) $(B)/embed.o
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/embed.c: $(EMBED) tools/embed.sh Makefile
	@mkdir -p $(@D)
	sh tools/embed.sh $(EMBED) > $@

$(B)/embed.o: $(B)/embed.c
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/unit/%: tests/unit/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS_ALL) -o $@ $< $(LIB) -lcmocka $(LDLIBS)

unit: $(UNIT)
	@for t in $(UNIT); do $$t || exit 1; done

clean:
	rm -rf $(B) var

-include $(OBJ:.o=.d)
.PHONY: all unit clean
