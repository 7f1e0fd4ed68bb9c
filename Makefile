# Perilune: how it is built and checked. `make help` lists the targets.
#
# Objects lie in build/<flavour>/ and never mix; a flavour is a set of flags (release, asan, cov, fuzz). Each layer of
# src/LAYERS becomes build/<flavour>/<layer>.a. The program links whole archives, because LuaJIT's FFI reaches functions
# that no C code calls; a unit test links only its own layer's archive and those below it.
#
# The program is optimised as a whole when it is linked, half a minute of work; LTO=no links the code that the same objects hold
# already, as unit tests are linked: for those who edit and try, edit and try.
#
# Variables: V=1 shows whole commands; FLAVOUR, LTO, JOBS, CC, CFLAGS_EXTRA, PREFIX, DESTDIR, FUZZ_SECONDS, FUZZ_SEED, TESTS (for `t`).

VERSION      := 0.1.0
FLAVOUR      ?= release
JOBS         ?= $(shell nproc 2>/dev/null || echo 2)
PREFIX       ?= /usr/local
SYSCONFDIR   ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
UNITDIR      ?= $(if $(filter /usr,$(PREFIX)),/lib,$(PREFIX)/lib)/systemd/system
FUZZ_SECONDS ?= 20
TESTS        ?= t/
export TEST_TIMEOUT ?= 120
B            := build/$(FLAVOUR)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(JOBS)
endif
MAKEFLAGS += --no-builtin-rules --no-print-directory
Q := $(if $(V),,@)
# $(call say,WORD,what): the quiet line.
say = $(if $(V),,@printf '%-5s %s\n' '$(1)' '$(2)')

# ---------------------------------------------------------------------------------------------------------------------
# Packages. What the goals need is checked once per state of the package database, and installed when missing.

PACKAGES_run   := gcc libc6-dev libcrypt-dev make pkg-config libluajit2-5.1-dev libev-dev liburing-dev libnghttp2-dev libssl-dev \
                  libc-ares-dev libidn2-dev libpcre2-dev zlib1g-dev libbrotli-dev libzstd-dev lua-cjson
PACKAGES_test  := libcmocka-dev perl curl procps openssl python3-cryptography python3-h2 python3-websockets node-ws redis-server memcached lua-nginx-redis lua-nginx-memcached \
                  lua-nginx-dns lua-nginx-websocket lua-nginx-kafka lua-nginx-string lua-nginx-cookie squid tinyproxy dante-server microsocks haproxy \
                  nghttp2-client nghttp2-server h2o apache2-bin nginx-light publicsuffix
PACKAGES_browser := chromium fonts-dejavu-core python3-websockets
PACKAGES_lint  := clang-format-14 clang-tidy-14 lua-check perl binutils
PACKAGES_fuzz  := clang-14 llvm-14 libclang-rt-14-dev
PACKAGES_conformance := perl python3 libtest-base-perl libtest-longstring-perl libtext-diff-perl libipc-run-perl liblist-moreutils-perl \
                        libwww-perl libprotocol-websocket-perl redis-server memcached iptables iproute2
PACKAGES_bench := nginx-light libnginx-mod-http-lua libnginx-mod-stream wrk nghttp2-client perl valgrind strace python3 openssl redis-server lua-nginx-redis lua-nginx-websocket

GOALS := $(or $(MAKECMDGOALS),all)
GROUPS := run \
    $(if $(filter test unit asan cov,$(GOALS)),test) \
    $(if $(filter lint fmt tidy analyze luacheck format,$(GOALS)),lint) \
    $(if $(filter fuzz fuzz-all,$(GOALS)),fuzz) \
    $(if $(filter browser,$(GOALS)),browser) \
    $(if $(filter conformance,$(GOALS)),conformance) \
    $(if $(filter bench,$(GOALS)),bench)
GROUPS := $(strip $(GROUPS))
EMPTY :=
DEPS_STAMP := build/deps/$(subst $(EMPTY) ,+,$(GROUPS))

$(DEPS_STAMP): Makefile t/lint/deps.sh $(wildcard /var/lib/dpkg/status)
	@mkdir -p $(@D)
	@t/lint/deps.sh $(foreach g,$(GROUPS),$(PACKAGES_$(g)))
	@touch $@

# The flags of the libraries, asked of pkg-config once the packages are there. Make reads itself anew after writing this.
PKGS := luajit liburing openssl libcares libidn2 libnghttp2 libpcre2-8 zlib libbrotlienc libbrotlidec libzstd
build/libs.mk: Makefile | $(DEPS_STAMP)
	@mkdir -p $(@D)
	@{ echo "LIB_CFLAGS := $$(pkg-config --cflags $(PKGS) | sed 's/-I/-isystem /g')"; \
	   echo "LIBS := $$(pkg-config --libs $(PKGS)) -lev -lm -ldl -lpthread -Wl,--push-state,--no-as-needed -lcrypt -Wl,--pop-state"; } >$@.tmp && mv $@.tmp $@

ifneq ($(filter-out help clean,$(GOALS)),)
include build/libs.mk
endif

# ---------------------------------------------------------------------------------------------------------------------
# Flags

WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat-security
WERROR ?= -Werror
DEFS   := -D_GNU_SOURCE -DPERILUNE_VERSION='"$(VERSION)"'
HARDEN := -fPIE -fstack-protector-strong
FORTIFY := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined
LLVM_FUZZ := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined

# Everything is bound at the start (-z now), so calls into libraries go through the table directly, without the PLT.
FLAGS_release  = -O2 -fno-plt $(FORTIFY) $(FAT)
FLAGS_asan     = -O1 -fno-omit-frame-pointer -U_FORTIFY_SOURCE $(SANITIZE) $(if $(findstring clang,$(CC)),,-Wno-maybe-uninitialized)
FLAGS_cov     := -O0 --coverage
FLAGS_fuzz    := -O1 -fno-omit-frame-pointer -U_FORTIFY_SOURCE $(LLVM_FUZZ)
LINK_asan     := $(SANITIZE)
LINK_cov      := --coverage
LINK_fuzz     := -fsanitize=fuzzer,address,undefined

ifeq ($(origin CC),default)
CC := $(if $(filter fuzz,$(FLAVOUR)),clang-14,gcc)
endif
# Objects that hold both, code and what code is made of. The program's link takes the one or the other.
LTO ?= auto
FAT := $(if $(filter release,$(FLAVOUR)),$(if $(findstring clang,$(CC)),,-flto=auto -ffat-lto-objects))
LINK_QUICK   = $(if $(FAT),-fno-lto)
LINK_PROGRAM = $(if $(and $(FAT),$(filter-out no,$(LTO))),$(filter-out $(FAT),$(FLAGS_release)) $(HARDEN) -flto=$(LTO),$(LINK_QUICK))

CFLAGS ?=
CFLAGS_ALL := -std=gnu11 -g $(FLAGS_$(FLAVOUR)) $(HARDEN) $(DEFS) $(CFLAGS) $(CFLAGS_EXTRA)
CFLAGS_OWN := $(CFLAGS_ALL) $(WARN) $(WERROR) -Isrc $(LIB_CFLAGS)
LDFLAGS_ALL := -pie -rdynamic -Wl,-z,relro,-z,now -Wl,--as-needed $(LINK_$(FLAVOUR)) $(LDFLAGS)

# ---------------------------------------------------------------------------------------------------------------------
# What there is to build

LAYERS  := $(filter-out main,$(shell sed -n 's/^\([a-z][a-z0-9]*\):.*/\1/p' src/LAYERS))
# $(call sources,folder): its C files, and those of its folders.
sources  = $(wildcard $(1)/*.c $(1)/*/*.c)
SRC     := $(foreach l,$(LAYERS),$(call sources,src/$(l)))
MAIN    := $(wildcard src/main.c)
OBJ     := $(SRC:src/%.c=$(B)/%.o)
# The archives of those layers that have sources, lowest first.
FULL    := $(foreach l,$(LAYERS),$(if $(call sources,src/$(l)),$(l)))
ARCHIVES := $(FULL:%=$(B)/%.a)
UNIT_SRC := $(foreach l,$(LAYERS),$(call sources,t/unit/$(l)))
UNITS   := $(UNIT_SRC:%.c=$(B)/%)
FUZZ_SRC := $(wildcard t/fuzz/*.c)
FUZZERS := $(FUZZ_SRC:%.c=$(B)/%)
TESTLIB_SRC := $(wildcard t/lib/*.c)
TESTLIB := $(if $(TESTLIB_SRC),$(B)/t/testlib.a)
PROGRAM := $(B)/perilune
LINT    := build/lint
C_FILES  = $(wildcard src/*.c src/*.h $(foreach d,src t/unit,$(wildcard $(d)/*/*.[ch] $(d)/*/*/*.[ch])) t/fuzz/*.[ch] t/lib/*.[ch])
LUA_FILES = $(shell find lua examples t conf -name '*.lua' 2>/dev/null | sort)

# Sources that read what strangers send: each has t/fuzz/<name>.c (checked by lint).
PARSERS := net/dns/dns_message net/forwarded net/addr_table net/addr_range net/crypto_password proto/url proto/date proto/range \
           proto/http1_parse proto/http1_body proto/http1_response proto/content_decoder proto/h2_session proto/accept \
           proto/ws_reader proto/cache_control proto/cache_head proto/ws_handshake proto/ws_deflate proto/proxy_proto \
           proto/client_hello proto/socks proto/replace proto/fastcgi proto/cgi_head config/lex

.PHONY: all run test unit t browser conformance asan fuzz fuzz-all bench lint layers objects shape format tidy analyze luacheck fmt cov docs install deb clean help \
        deps sums

all: $(if $(MAIN),build/perilune build/nginx,$(ARCHIVES)) ## build the program: build/perilune

# ---------------------------------------------------------------------------------------------------------------------
# Rules

# A file that changes when the command does: what depends on it is rebuilt.
define stamp
$(1): FORCE
	@mkdir -p $$(@D)
	@printf '%s\n' "$$$$FLAGS_NOW" | cmp -s - $$@ || printf '%s\n' "$$$$FLAGS_NOW" >$$@
$(1): export FLAGS_NOW = $(2)
endef
$(eval $(call stamp,$(B)/flags,$$(CC) $$(CFLAGS_OWN)))
$(eval $(call stamp,$(B)/ldflags,$$(CC) $$(LDFLAGS_ALL) $$(LIBS) $$(FULL)))
$(eval $(call stamp,$(B)/program.flags,$$(LINK_PROGRAM)))
$(eval $(call stamp,$(B)/main.flags,$$(MAIN_DEFS)))
.PHONY: FORCE

# Where an installed program finds its files; a separate stamp, so that another PREFIX compiles one file only.
MAIN_DEFS := -DPERILUNE_PREFIX='"$(PREFIX)"' -DPERILUNE_SYSCONFDIR='"$(SYSCONFDIR)"'
$(B)/main.o $(LINT)/main.o: private EXTRA := $(MAIN_DEFS)
$(B)/main.o: $(B)/main.flags

$(B)/%.o: src/%.c $(B)/flags
	$(call say,CC,$*.c)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_OWN) $(EXTRA) -MMD -MP -c $< -o $@

$(B)/t/%.o: t/%.c $(B)/flags
	$(call say,CC,t/$*.c)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_OWN) -Wno-missing-prototypes -I. -MMD -MP -c $< -o $@

# An archive is written anew, so that no object of a deleted source stays in it.
define archive
	$(call say,AR,$(notdir $@))
	@rm -f $@
	$(Q)ar rcs $@ $(filter %.o,$^)
endef
define layer_rule
$(B)/$(1).a: $(patsubst src/%.c,$(B)/%.o,$(call sources,src/$(1))) $(B)/$(1).list
	$$(archive)
$$(eval $$(call stamp,$(B)/$(1).list,$(call sources,src/$(1))))
endef
$(foreach l,$(FULL),$(eval $(call layer_rule,$(l))))

$(B)/t/testlib.a: $(TESTLIB_SRC:%.c=$(B)/%.o)
	$(archive)

# $(call reversed,words)
reversed = $(if $(1),$(call reversed,$(wordlist 2,99,$(1))) $(firstword $(1)))

$(PROGRAM): $(B)/main.o $(ARCHIVES) $(B)/ldflags $(B)/program.flags
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $(LINK_PROGRAM) -o $@ $(B)/main.o -Wl,--whole-archive $(call reversed,$(ARCHIVES)) -Wl,--no-whole-archive \
	    $(LIBS)

build/perilune: build/release/perilune
	@ln -f $< $@

# Under this name it stands in for nginx (base/product).
build/nginx: build/perilune
	@ln -sf perilune $@

# $(call below,layer): the layer and all that stand before it in src/LAYERS, lowest first, as archives.
upto  = $(if $(2),$(firstword $(2)) $(if $(filter $(1),$(firstword $(2))),,$(call upto,$(1),$(wordlist 2,99,$(2)))))
below = $(patsubst %,$(B)/%.a,$(filter $(FULL),$(call upto,$(1),$(LAYERS))))

# From bind upward a test may run Lua that reaches functions by FFI: whole archives, and where the test includes the source
# under test, its own definitions (which come first) win.
WHOLE_LAYERS := bind app proc
define unit_rule
$(patsubst %.c,$(B)/%,$(call sources,t/unit/$(1))): $(B)/t/unit/$(1)/%: \
    $(B)/t/unit/$(1)/%.o $(TESTLIB) $(call below,$(1)) $(B)/ldflags
	$$(call say,LINK,t/unit/$(1)/$$*)
	$$(Q)$$(CC) $$(LDFLAGS_ALL) $$(LINK_QUICK) -o $$@ $$< $(TESTLIB) \
	    $(if $(filter $(1),$(WHOLE_LAYERS)),-Wl$(comma)-z$(comma)muldefs -Wl$(comma)--whole-archive) \
	    $(call reversed,$(call below,$(1))) -Wl,--no-whole-archive -lcmocka $$(LIBS)
endef
comma := ,
$(foreach l,$(LAYERS),$(if $(call sources,t/unit/$(l)),$(eval $(call unit_rule,$(l)))))

# Those that run Lua need whole archives, as the program does.
$(FUZZERS): $(B)/t/fuzz/%: $(B)/t/fuzz/%.o $(ARCHIVES) $(B)/ldflags
	$(call say,LINK,t/fuzz/$*)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $< $(if $(filter lua_%,$*),-Wl$(comma)--whole-archive) $(call reversed,$(ARCHIVES)) \
	    -Wl,--no-whole-archive $(LIBS)

-include $(OBJ:.o=.d) $(B)/main.d $(UNITS:=.d) $(FUZZERS:=.d) $(TESTLIB_SRC:%.c=$(B)/%.d)

# ---------------------------------------------------------------------------------------------------------------------
# Running and testing

run: build/perilune ## build and serve conf/perilune.conf in the foreground (port 8080)
	@mkdir -p logs
	@echo 'http://localhost:8080/ until Ctrl-C'
	build/perilune -p . -c conf/perilune.conf -g 'daemon off; $(if $(filter 0,$(shell id -u)),user root;)'

deps: $(DEPS_STAMP) ## install the Debian packages that are missing

# Results of a run are kept in $(B)/*.sum as "passed failed" and added up by `make test`.
TALLY := perl t/lint/tally.pl
export ASAN_OPTIONS  ?= detect_leaks=1:abort_on_error=0:allocator_may_return_null=1
export LSAN_OPTIONS  ?= suppressions=$(CURDIR)/t/lint/lsan.supp:print_suppressions=0
export UBSAN_OPTIONS ?= print_stacktrace=1

test: ## all tests: unit, then t; ends with the sum
	@rm -f $(B)/unit.sum $(B)/t.sum
	+@status=0; $(MAKE) unit || status=1; $(MAKE) t || status=1; \
	 $(TALLY) sum $(B)/unit.sum $(B)/t.sum || status=1; exit $$status

unit: $(UNITS) ## the unit tests: t/unit/<layer>/*.c
	@$(TALLY) unit $(B)/unit.sum $(B)/t/unit/ $(UNITS)

t: $(if $(MAIN),$(if $(filter release,$(FLAVOUR)),build/perilune,$(PROGRAM))) ## the integration tests: t/*.t (TESTS=t/40-x.t for some)
	@$(TALLY) t $(B)/t.sum $(PROGRAM) test $(TESTS) -j 3

asan: ## all tests under AddressSanitizer, LeakSanitizer and UBSan
	+@$(MAKE) FLAVOUR=asan test

fuzz: ## each fuzz target for FUZZ_SECONDS
	+@$(MAKE) -k FLAVOUR=fuzz fuzz-all

fuzz-all: $(FUZZ_SRC:t/fuzz/%.c=fuzz-run-%)

fuzz-run-%: $(B)/t/fuzz/%
	@mkdir -p $(B)/corpus/$*
	@seeds=; [ ! -d t/fuzz/corpus/$* ] || seeds=t/fuzz/corpus/$*; \
	 dict=; [ ! -f t/fuzz/$*.dict ] || dict=-dict=t/fuzz/$*.dict; \
	 if $< -max_total_time=$(FUZZ_SECONDS) $(FUZZ_SEED:%=-seed=%) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 $$dict \
	    -artifact_prefix=$(B)/$*- $(B)/corpus/$* $$seeds >$(B)/$*.log 2>&1; \
	 then printf 'ok    fuzz/%s %s runs\n' $* "$$(sed -n 's/^stat::number_of_executed_units: *//p' $(B)/$*.log)"; \
	 else printf 'FAIL  fuzz/%s\n' $*; tail -n 60 $(B)/$*.log; exit 1; fi

browser: build/perilune ## the examples in a headless Chromium; screenshots in build/browser
	@t/browser/run build/perilune build/browser

conformance: build/nginx ## one of OpenResty's own suites: SUITE=folder TEST_NGINX=folder [FILES=t/001-set.t]
	t/conformance/openresty --suite '$(SUITE)' --test-nginx '$(TEST_NGINX)' --program build/nginx -j $(JOBS) $(FILES)

bench: $(if $(filter release,$(FLAVOUR)),build/perilune,$(PROGRAM)) ## compare with nginx + Lua on this machine
	@t/bench/run $(PROGRAM)
	@t/bench/model/run $(PROGRAM)
	@t/bench/shared $(PROGRAM)
	@if command -v npm >/dev/null; then t/bench/kit/run $(PROGRAM); fi
	@t/bench/client/run $(PROGRAM)

cov: ## test coverage: lines of each source file that the tests reach
	@find build/cov -name '*.gcda' -delete 2>/dev/null || true
	+@status=0; $(MAKE) FLAVOUR=cov test || status=1; perl t/lint/cov.pl build/cov || status=1; exit $$status

# ---------------------------------------------------------------------------------------------------------------------
# Gates. Each prints `file:line: what` and fails when there is anything to say.

# Every gate runs, also behind one that fails. `make analyze`, which takes minutes on a new checkout, is a gate of its own.
lint: ## the gates on the source
	+@status=0; $(MAKE) -k shape objects format tidy luacheck || status=1; \
	 perl t/lint/layers.pl $(LINT) || status=1; \
	 perl t/lint/globals.pl $(LINT) $(SRC) $(MAIN) || status=1; \
	 perl t/lint/mirror.pl '$(PARSERS)' $(SRC) $(MAIN) || status=1; \
	 perl t/lint/lua_shape.pl $(LUA_FILES) || status=1; \
	 perl t/lint/text.pl || status=1; \
	 perl t/lint/cases.pl docs/MANIFOLD.md docs/from-aleph.md || status=1; \
	 [ $$status = 0 ] && echo 'lint: clean'

layers: objects ## direction of includes and symbols against src/LAYERS
	@perl t/lint/layers.pl $(LINT)

# Objects of the gates: symbols and sections are all that is looked at, so they are compiled the quickest way.
LINT_OBJ := $(patsubst src/%.c,$(LINT)/%.o,$(SRC) $(MAIN))
objects: $(LINT_OBJ)
$(LINT)/%.o: src/%.c $(B)/flags
	$(call say,CC,$*.c)
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out $(FLAGS_$(FLAVOUR)),$(CFLAGS_OWN)) -O0 -g0 $(EXTRA) -MMD -MP -c $< -o $@
-include $(LINT_OBJ:.o=.d)

shape:
	@perl t/lint/shape.pl $(C_FILES)

format: | $(DEPS_STAMP)
	$(if $(C_FILES),@! clang-format-14 --dry-run -Werror $(C_FILES) 2>&1 | \
	    sed -n 's/^\([^ :]*:[0-9]*\):[0-9]*: error:.*/\1: not as clang-format writes it (make fmt)/p' | \
	    awk -F: '!seen[$$1]++' | grep .)

# A source is looked at again when its object was rebuilt. The patterns of `tidy` are matched in a few hundredths of a second
# a file, the paths that `analyze` follows take seconds.
TIDY_FLAGS = $(filter-out -Werror $(FORTIFY) $(FAT),$(CFLAGS_OWN)) $(MAIN_DEFS)
tidy: objects
	@JOBS=$(JOBS) perl t/lint/tidy.pl tidy 24 $(LINT) '-clang-analyzer-*' $(SRC) $(MAIN) -- $(TIDY_FLAGS)
analyze: objects ## follow the paths of each function (clang's static analyzer)
	@JOBS=$(JOBS) perl t/lint/tidy.pl analyze 3 $(LINT) '-bugprone-*,-misc-*' $(SRC) $(MAIN) -- $(TIDY_FLAGS)

luacheck: | $(DEPS_STAMP)
	$(if $(LUA_FILES),@luacheck --quiet --codes --formatter plain $(LUA_FILES))

# Twice: aligning a comment can move the end of the line before it.
fmt: | $(DEPS_STAMP) ## format the C files in place
	$(if $(C_FILES),@clang-format-14 -i $(C_FILES) && clang-format-14 -i $(C_FILES))

# ---------------------------------------------------------------------------------------------------------------------
# Documents, installing

docs: build/perilune ## print the directive reference from the schema
	@mkdir -p docs
	@build/perilune --directives >docs/directives.md.tmp && mv docs/directives.md.tmp docs/directives.md

# A configuration that is there already is never overwritten.
install: build/perilune ## install under DESTDIR and PREFIX
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/perilune' '$(DESTDIR)$(SYSCONFDIR)/perilune'
	install -m 755 build/perilune '$(DESTDIR)$(PREFIX)/bin/perilune'
	find lua -name '*.lua' | while read -r f; do \
	    install -D -m 644 "$$f" '$(DESTDIR)$(PREFIX)/share/perilune/'"$$f"; done
	for f in conf/*; do case $$f in *.service) continue ;; esac; \
	    to='$(DESTDIR)$(SYSCONFDIR)/perilune/'$${f#conf/}; \
	    [ ! -f "$$f" ] || [ -e "$$to" ] || install -m 644 "$$f" "$$to"; done
	[ ! -f conf/perilune.service ] || \
	    { sed -e 's,/usr/local/etc,$(SYSCONFDIR),g; s,/usr/local,$(PREFIX),g' conf/perilune.service >build/perilune.service && \
	    install -D -m 644 build/perilune.service '$(DESTDIR)$(UNITDIR)/perilune.service'; }

deb: ## build/perilune_<version>_<arch>.deb
	@rm -rf build/deb
	+@$(MAKE) install DESTDIR=build/deb PREFIX=/usr >/dev/null
	@t/lint/deb.sh build/deb $(VERSION)

clean: ## remove build/
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name what; do \
	    printf '  %-8s %s\n' "$$name" "$$what"; done
