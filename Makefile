MODULE_big = milvus_fdw
EXTENSION = milvus_fdw
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" milvus_fdw.control)
DATA_built = $(EXTENSION)--$(EXTVERSION).sql
DATA = $(sort $(wildcard upgrade/*.sql))
PGFILEDESC = "milvus_fdw - foreign data wrapper for Milvus"

PROTOS = common feder milvus msg rg schema
PROTO_OBJS = $(PROTOS:%=proto/%.pb-c.o)
OBJS = milvus_fdw.o $(PROTO_OBJS) $(sort $(patsubst %.c,%.o,$(wildcard src/*.c src/*/*.c)))
# test/fuzz/backend is a part of the library only where it is run
ifdef MILVUS_FUZZ
OBJS += test/fuzz/backend.o
endif
# the extension's SQL, in the order it must be run
SQL_FILES = $(sort $(wildcard src/sql/*.sql))

PG_CPPFLAGS = -DMILVUS_FDW_VERSION='"$(EXTVERSION)"' -I$(srcdir) -I$(srcdir)/src -I$(srcdir)/proto
# from 19 on PostgreSQL's headers ask for what the compiler has by default
PG_CFLAGS = $(if $(filter 15 16 17 18,$(MAJORVERSION)),-std=gnu11)
SHLIB_LINK = -lgrpc -lgpr -lprotobuf-c
# thousands of generated names must not meet those of other libraries
ifeq ($(shell uname -s),Linux)
SHLIB_LINK += -Wl,-Bsymbolic -Wl,--version-script=exports.map
endif

# tests need Milvus servers: dev/check starts them and runs pg_regress on sql/
REGRESS = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
EXTRA_CLEAN = $(DATA_built) proto/*.pb-c.c proto/*.pb-c.h test/fuzz/fuzz

# bitcode of the generated code would cost a clang run and gain nothing
override with_llvm = no

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

ifeq (,$(filter 15 16 17 18 19,$(MAJORVERSION)))
$(error milvus_fdw needs PostgreSQL 15 to 19, not $(MAJORVERSION))
endif

PROTO_HEADERS = $(PROTOS:%=proto/%.pb-c.h)
$(PROTOS:%=proto/%.pb-c.c): proto/%.pb-c.c: proto/%.proto
	cd proto && protoc-c --c_out=. -I. $*.proto
$(PROTO_HEADERS): proto/%.pb-c.h: proto/%.pb-c.c
# generated code is not ours to mend
$(PROTO_OBJS): CFLAGS += -w
$(OBJS): $(PROTO_HEADERS) $(wildcard src/*.h src/*/*.h)

$(EXTENSION)--$(EXTVERSION).sql: $(SQL_FILES)
	cat $^ >$@
