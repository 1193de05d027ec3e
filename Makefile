# With libraries elsewhere, outside of this folder, as an ordinary user: doc/building.md

# where this file is: "." or, in a build outside, as PGXS finds it
here := $(patsubst %/,%,$(or $(VPATH),$(dir $(firstword $(MAKEFILE_LIST)))))
ifneq (1 milvus_fdw.control,$(words $(here)) $(notdir $(wildcard $(here)/milvus_fdw.control)))
$(error no source in "$(here)". Is there a space in its path? PGXS can then build inside of it only)
endif
files = $(patsubst $(here)/%,%,$(sort $(wildcard $(1:%=$(here)/%))))

MODULE_big = milvus_fdw
EXTENSION = milvus_fdw
# the only place that has the version; dev/check source compares what tells it too
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" $(here)/milvus_fdw.control)
DATA_built = $(EXTENSION)--$(EXTVERSION).sql
DATA := $(call files,upgrade/*.sql)
PGFILEDESC = "milvus_fdw - foreign data wrapper for Milvus"

PROTOS = common feder milvus msg rg schema
PROTO_OBJS = $(PROTOS:%=proto/%.pb-c.o)
PROTO_HEADERS = $(PROTOS:%=proto/%.pb-c.h)
OBJS = milvus_fdw.o $(PROTO_OBJS) $(patsubst %.c,%.o,$(call files,src/*.c src/*/*.c))
# test/fuzz/backend is a part of the library only where it is run
ifdef MILVUS_FUZZ
OBJS += test/fuzz/backend.o
endif

# what the command line or the environment has of these three is added
more_cppflags := $(PG_CPPFLAGS)
more_cflags := $(PG_CFLAGS)
more_link := $(SHLIB_LINK)
override PG_CPPFLAGS = -DMILVUS_FDW_VERSION='"$(EXTVERSION)"' -I. -I$(here)/src $(more_cppflags)
# from 19 on PostgreSQL's headers ask for what the compiler has by default
override PG_CFLAGS = $(if $(filter 15 16 17 18,$(MAJORVERSION)),-std=gnu11) $(more_cflags)
override SHLIB_LINK = $(more_link) -lgrpc -lgpr -lprotobuf-c
# thousands of generated names must not meet those of other libraries
ifeq ($(shell uname -s),Linux)
override SHLIB_LINK += -Wl,-Bsymbolic -Wl,--version-script=$(here)/exports.map
endif

# most of sql/ begins with sql/servers.psql, which needs four servers: dev/check and dev/test start them
ifneq (,$(and $(MILVUS_S_PORT),$(MILVUS_L3_PORT),$(MILVUS_L2_PORT),$(MILVUS_D_PORT)))
REGRESS = $(patsubst sql/%.sql,%,$(call files,sql/*.sql))
else
REGRESS = $(patsubst $(here)/sql/%.sql,%,$(shell grep -L sql/servers.psql $(sort $(wildcard $(here)/sql/*.sql))))
endif
REGRESS_PREP = regress-prep
EXTRA_CLEAN = $(DATA_built) $(PROTOS:%=proto/%.pb-c.c) $(PROTO_HEADERS) test/fuzz/fuzz

# bitcode of the generated code would cost a clang run and gain nothing
override with_llvm = no

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq (,$(PGXS))
$(error no PostgreSQL to build for: make PG_CONFIG=/path/to/pg_config)
endif
include $(PGXS)

ifeq (,$(filter 15 16 17 18 19,$(MAJORVERSION)))
$(error milvus_fdw needs PostgreSQL 15 to 19, not $(MAJORVERSION))
endif

# outside: make would take objects in the source for these, and needs folders for its own
ifneq ($(CURDIR),$(realpath $(here)))
ifneq (,$(wildcard $(here)/milvus_fdw.o $(here)/proto/*.pb-c.[ch]))
$(error there is a build in $(here): run "make clean" there before one outside of it)
endif
$(shell mkdir -p $(sort $(dir $(OBJS))))
endif

PROTOC_C ?= protoc-c
proto/%.pb-c.c proto/%.pb-c.h: proto/%.proto
	$(PROTOC_C) --c_out=proto --proto_path=$(here)/proto $<
# generated code is not ours to mend
$(PROTO_OBJS): CFLAGS += -w
$(OBJS): $(PROTO_HEADERS) $(wildcard $(here)/src/*.h $(here)/src/*/*.h)

# the order is that of the names
$(DATA_built): $(call files,src/sql/*.sql)
	cat $^ >$@

# psql looks for sql/*.psql in the folder that it is run in
.PHONY: regress-prep
regress-prep:
	@[ -n "$$MILVUS_S_PORT" ] || echo "without Milvus servers: $(words $(REGRESS)) of $(words $(call files,sql/*.sql)) tests; dev/check starts servers, and runs all"
	@[ -e sql/try.psql ] || { mkdir -p sql && ln -s $(abspath $(here))/sql/*.psql sql; }

# what PGXN is given: the last commit
.PHONY: dist
dist:
	git -C $(here) archive --format=zip --prefix=$(EXTENSION)-$(EXTVERSION)/ -o "$(CURDIR)/$(EXTENSION)-$(EXTVERSION).zip" HEAD
