# Uwaga.  `make run` shows the whole job on sample messages, `make test` passes
# the tests; both install what is missing first (Debian packages).
# SAN=1 B=build-san builds with the sanitizers, WERROR=1 makes warnings errors.
B       ?= build
PREFIX  ?= /usr/local
CFLAGS  ?= -O2 -g
T       ?= 60
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
comma   := ,
SAN_FLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
HARDEN  := -fstack-protector-strong -fPIE -fstack-clash-protection $(if $(SAN),,-D_FORTIFY_SOURCE=2)
WARN    := -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes $(if $(WERROR),-Werror)
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -I. -isystem /usr/include/libxml2 $(WARN) $(HARDEN) $(CFLAGS) $(SAN_FLAGS) -MMD -MP
LDLIBS  := -letpan -lxml2 -lical -lutf8proc -lgnutls -lsqlite3 -lzstd -lseccomp -lconfuse -lcsv -ljansson -lpcre2-8 -lpthread
LDFLAGS_ALL = -pie -Wl,-z,relro,-z,now $(LDFLAGS) $(SAN_FLAGS)

SRC   := $(sort $(wildcard parsers/*.c templates/*.c gateway/*.c))
OBJ   := $(SRC:%.c=$(B)/%.o)
LIB   := $(B)/libuwaga.a
UNIT  := $(patsubst tests/unit/%.c,$(B)/unit/%,$(sort $(wildcard tests/unit/test_*.c)))
FUZZ  := $(patsubst tests/fuzz/%.c,$(B)-fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_OBJ := $(patsubst %.c,$(B)-fuzz/obj/%.o,$(filter-out gateway/main.c,$(SRC))) $(B)-fuzz/obj/embed.o
FUZZ_CC := clang -std=c11 -D_GNU_SOURCE -I. -isystem /usr/include/libxml2 -g -O1 -MMD -MP -fno-sanitize-recover=undefined -fsanitize=fuzzer
REPLAY := $(patsubst tests/fuzz/%.c,$(B)/replay/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
BENCH := $(patsubst tests/bench/%.c,$(B)/bench/%,$(sort $(wildcard tests/bench/bench_*.c)))
EMBED := $(sort $(wildcard schema/*.sql templates/*.tsv templates/*/*.tsv templates/*/*.txt templates/*/*.html samples/seed/*.json))

all: $(B)/uwaga

# On a fresh machine the compiler itself comes with `deps`.
ifneq ($(filter run test unit crash bench fuzz,$(MAKECMDGOALS)),)
$(OBJ) $(FUZZ_OBJ) $(B)/embed.c: | deps
endif

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

$(B)/bench/%: tests/bench/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS_ALL) $$(pkg-config --cflags gmime-3.0) -o $@ $< $(LIB) \
	    $$(pkg-config --libs gmime-3.0) $(LDLIBS)

# Its stages are timed from outside.
$(B)/bench/bench_intake: LDFLAGS += $(addprefix -Wl$(comma)--wrap=,journey_parse journey_open journey_decide \
	store_inbound_add store_remark_add reply_render store_outbox_add store_begin store_commit)

# Makes the spool files of gammu-smsd from samples/sms.jsonl.
$(B)/detail: tools/detail.c $(LIB)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS_ALL) -o $@ $< $(LIB) $(LDLIBS)

# The fuzzers share one library of instrumented objects.
$(B)-fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(FUZZ_CC)-no-link,address,undefined -c -o $@ $<

$(B)-fuzz/obj/embed.o: $(B)/embed.c
	@mkdir -p $(@D)
	$(FUZZ_CC)-no-link,address,undefined -c -o $@ $<

$(B)-fuzz/libuwaga.a: $(FUZZ_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(B)-fuzz/%: tests/fuzz/%.c $(B)-fuzz/libuwaga.a
	$(FUZZ_CC),address,undefined -o $@ $< $(B)-fuzz/libuwaga.a $(LDLIBS)

# The same without libFuzzer: `make test` feeds each its corpus and mutations.
$(B)/replay/%: tests/fuzz/%.c tests/fuzz/replay.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS_ALL) -o $@ $< tests/fuzz/replay.c $(LIB) $(LDLIBS)

deps:
	@sh tools/deps.sh $(if $(filter test crash,$(MAKECMDGOALS)),test) $(filter bench fuzz,$(MAKECMDGOALS))

unit: $(UNIT)
	@for t in $(UNIT); do $$t || exit 1; done

test: $(UNIT) $(REPLAY) $(B)/uwaga $(B)/detail
	@B=$(B) sh tools/test.sh

# Not part of `test`: SPEC is a provider's OpenAPI description, PROVIDER its name.
conform: $(B)/uwaga
	@sh tools/deps.sh test conform
	@UWAGA=$(B)/uwaga node tests/conform/conform.mjs "$(PROVIDER)" "$(SPEC)"

run: $(B)/uwaga $(B)/detail
	@B=$(B) sh tools/run.sh

lint:
	@sh tools/deps.sh lint
	@sh tools/lint.sh

fuzz: $(FUZZ)
	@for f in $(FUZZ); do B=$(B) sh tools/fuzz.sh $$f $(T) || exit 1; done

bench: $(BENCH) $(B)/bench/drain $(B)/uwaga
	@for b in $(BENCH) $(wildcard tests/bench/*.sh); do echo "== $$b"; UWAGA=$(B)/uwaga $$b samples/mail || exit 1; done
	@for b in smtp notice import; do echo "== tests/bench/$$b.mjs"; UWAGA=$(B)/uwaga node tests/bench/$$b.mjs || exit 1; done

crash: $(B)/uwaga $(B)/detail
	@for t in $(sort $(wildcard tests/crash/*.sh)); do B=$(B) UWAGA=$(B)/uwaga sh $$t || exit 1; done

install: $(B)/uwaga
	@B=$(B) PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) sh tools/install.sh

clean:
	rm -rf $(B) $(B)-fuzz build-san var tests/node_modules

-include $(OBJ:.o=.d) $(FUZZ_OBJ:.o=.d) $(UNIT:=.d) $(B)/detail.d
.PHONY: all deps unit test conform run lint fuzz bench crash install clean
