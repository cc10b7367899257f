"""Command scripts that aegis and Redis must answer alike, and the differences that are intended.

A script is one connection's commands, one per line, quoted as in a shell. "%" in a script is the
run's key prefix with a hash tag: no run meets another's keys, and the keys of one run share a
shard, as commands that are atomic over several keys need it.
"""

SCRIPTS = {
    "strings": """
        GET %a
        SET %a 1
        GET %a
        SET %a 2 NX
        SET %a 2 XX
        SET %b 2 XX
        SET %b 2 NX GET
        SET %b 3 NX GET
        SET %b 3 XX GET
        GET %b
        SET %b 4 get keepttl
        SETNX %c x
        SETNX %c y
        GETSET %c z
        GETSET %d first
        GETDEL %d
        GETDEL %d
        STRLEN %c
        STRLEN %none
        APPEND %c abc
        APPEND %e abc
        GETRANGE %c 0 -1
        GETRANGE %c -2 -1
        GETRANGE %c -1 -2
        GETRANGE %c 2 1
        GETRANGE %c -100 100
        GETRANGE %c 5 100
        GETRANGE %c 9223372036854775807 -9223372036854775808
        GETRANGE %none 0 -1
        SETRANGE %c 2 XY
        SETRANGE %c 10 ''
        SETRANGE %none 10 ''
        SETRANGE %f 3 abc
        GET %f
        MSET %g 1 %h 2 %g 3
        MGET %g %h %none %g
        MSETNX %i 1 %g 2
        GET %i
        MSETNX %i 1 %j 2 %i 3
        GET %i
        SET %empty ''
        GET %empty
        STRLEN %empty
        """,
    "numbers": """
        INCR %n
        INCR %n
        DECR %n
        INCRBY %n 41
        DECRBY %n -8
        INCRBY %n -100
        GET %n
        SET %n 9223372036854775807
        INCR %n
        DECRBY %n 9223372036854775807
        DECR %n
        INCRBY %n -9223372036854775808
        DECRBY %n -9223372036854775808
        INCRBY %n 9223372036854775808
        INCRBY %n 1.5
        INCRBY %n ' 1'
        INCRBY %n 01
        INCRBY %n +1
        INCRBY %n ''
        SET %t ' 1'
        INCR %t
        SET %t 01
        INCR %t
        SET %t abc
        INCR %t
        INCRBYFLOAT %t 1
        SET %t -0
        INCR %t
        INCRBYFLOAT %x 1.5
        INCRBYFLOAT %x 1.5
        INCRBYFLOAT %x -3
        INCRBYFLOAT %x 5.0e3
        INCRBYFLOAT %x 0.1
        INCRBYFLOAT %x 1e17
        INCRBYFLOAT %x 1e-17
        INCRBYFLOAT %x 1e400
        INCRBYFLOAT %x inf
        INCRBYFLOAT %x -inf
        INCRBYFLOAT %x nan
        INCRBYFLOAT %x 1e5000
        INCRBYFLOAT %x ''
        INCRBYFLOAT %x ' 1'
        INCRBYFLOAT %x '1 '
        INCRBYFLOAT %x 0x10
        INCRBYFLOAT %z -0.0
        SET %y 3.0e3
        INCRBYFLOAT %y 200
        GET %y
        SET %y 10 EX 100
        INCR %y
        TTL %y
        """,
    "set errors": """
        SET %a
        SET %a v EX
        SET %a v EX 0
        SET %a v EX -1
        SET %a v EX a
        SET %a v EX 1.5
        SET %a v EX 9223372036854775807
        SET %a v PX 9223372036854775807
        SET %a v EXAT 0
        SET %a v PXAT -5
        SET %a v EXAT 9223372036854775807
        SET %a v EXAT 9223372036854776
        SET %a v EXAT 9223372036854775
        PEXPIRETIME %a
        SET %a v PXAT 9223372036854775807
        PEXPIRETIME %a
        EXPIRETIME %a
        GET %a
        SET %a v NX XX
        SET %a v XX NX
        SET %a v EX 1 PX 1
        SET %a v EX 100 EX 200
        TTL %a
        SET %a v EX 1 KEEPTTL
        SET %a v KEEPTTL EX 1
        SET %a v PERSIST
        SET %a v FOO
        SET %a v ''
        SETEX %a 0 v
        SETEX %a -1 v
        SETEX %a a v
        SETEX %a 9223372036854775807 v
        PSETEX %a 0 v
        PSETEX %a a v
        GETEX %a EX 0
        GETEX %a EX a
        GETEX %a PERSIST EX 1
        GETEX %a EX 1 PERSIST
        GETEX %a KEEPTTL
        GETEX %a NX
        GETEX %a EX
        SETRANGE %a a v
        SETRANGE %a -1 v
        GETRANGE %a a 1
        GETRANGE %a 1 a
        MSET %a
        MSET %a 1 %b
        MSETNX %a 1 %b
        GETSET %a
        """,
    "expiry": """
        SET %a v EX 100
        TTL %a
        PERSIST %a
        PERSIST %a
        TTL %a
        PTTL %a
        EXPIRETIME %a
        PEXPIRETIME %a
        TTL %none
        PTTL %none
        EXPIRETIME %none
        PEXPIRETIME %none
        PERSIST %none
        EXPIRE %none 10
        EXPIREAT %a 33177117420
        EXPIRETIME %a
        PEXPIREAT %a 33177117420499
        EXPIRETIME %a
        PEXPIREAT %a 33177117420500
        EXPIRETIME %a
        PEXPIRETIME %a
        PEXPIREAT %a 9223372036854775807
        PEXPIRETIME %a
        PEXPIREAT %a 9223372036854775806 LT
        PEXPIREAT %a 9223372036854775807 GT
        PEXPIRETIME %a
        PEXPIREAT %a 9223372036854775807 XX LT
        EXPIREAT %a 9223372036854775807
        EXPIREAT %a 9223372036854776
        EXPIREAT %a 9223372036854775
        PEXPIRETIME %a
        EXPIRE %a 9223372036854775807
        PEXPIRE %a 9223372036854775807
        GETEX %a PXAT 9223372036854775807
        PEXPIRETIME %a
        PEXPIREAT %a 33177117420500
        SET %a w KEEPTTL
        PEXPIRETIME %a
        SET %a w
        TTL %a
        EXPIREAT %a 33177117420 XX
        EXPIREAT %a 33177117420 GT
        EXPIREAT %a 33177117420 LT
        EXPIREAT %a 33177117420 NX
        EXPIREAT %a 33177117420 NX
        EXPIREAT %a 33177117421 GT
        EXPIREAT %a 33177117420 GT
        EXPIREAT %a 33177117422 LT
        EXPIREAT %a 33177117419 LT
        EXPIREAT %a 33177117418 XX LT
        EXPIREAT %a 33177117430 XX GT
        EXPIREAT %a 33177117440 XX
        PEXPIRETIME %a
        PERSIST %a
        EXPIREAT %a 33177117418 XX LT
        EXPIREAT %a 33177117418 LT
        GETEX %a
        GETEX %a PERSIST
        TTL %a
        GETEX %a EXAT 33177117420
        EXPIRETIME %a
        GETEX %a PXAT 33177117420001
        PEXPIRETIME %a
        GETEX %a EX 500
        TTL %a
        GETEX %none
        SETEX %b 100 v
        TTL %b
        PSETEX %b 100499 v
        TTL %b
        SET %b v PX 100000
        TTL %b
        APPEND %b x
        TTL %b
        GETSET %b y
        TTL %b
        EXPIRE %a -1
        GET %a
        SET %a v
        EXPIRE %a 0
        EXISTS %a
        SET %a v
        EXPIREAT %a 1
        EXISTS %a
        SET %a v
        PEXPIREAT %a -1
        EXISTS %a
        SET %a v
        PEXPIRE %a -1 GT
        EXISTS %a
        PEXPIRE %a -1 LT
        EXISTS %a
        SET %a v
        SET %a w EXAT 1
        GET %a
        SET %a v
        GETEX %a EXAT 1
        GET %a
        """,
    "expiry errors": """
        SET %a v
        EXPIRE %a
        EXPIRE %a a
        EXPIRE %a 1.5
        EXPIRE %a 1 FOO
        EXPIRE %a 1 NX XX
        EXPIRE %a 1 NX GT
        EXPIRE %a 1 LT NX
        EXPIRE %a 1 GT LT
        EXPIRE %a a NX XX
        EXPIRE %a 9223372036854775807
        EXPIRE %a 9223372036854775
        EXPIRE %a -9223372036854775807
        EXPIRE %none -9223372036854775808
        PEXPIRE %a 9223372036854775807
        EXPIREAT %a 9223372036854775807
        EXPIREAT %a 9223372036854775808
        EXPIRE %a 100 NX NX
        TTL %a
        PEXPIRE %none -9223372036854775808
        TTL
        TTL %a %b
        PERSIST
        """,
    "keys": """
        SET %a 1
        SET %b 2 EX 100
        EXISTS %a
        EXISTS %a %a %b %none
        TOUCH %a %b %none
        TYPE %a
        TYPE %none
        RENAME %none %x
        RENAME %none %none
        RENAMENX %none %x
        RENAME %b %c
        TTL %c
        EXISTS %b
        RENAME %c %c
        RENAMENX %a %c
        RENAMENX %a %a
        RENAMENX %a %d
        GET %d
        COPY %d %e
        COPY %d %e
        COPY %c %e REPLACE
        TTL %e
        GET %e
        COPY %none %e
        COPY %d %d
        COPY %none %none
        COPY %d %f DB 0
        COPY %d %f DB 0 REPLACE
        COPY %d %f replace db 0
        COPY %d %f DB 99
        COPY %d %f DB x
        COPY %d %f DB
        COPY %d %f FOO
        COPY %d
        DEL %d %e %none %d
        UNLINK %f %c %none
        EXISTS %c %d %e %f
        DEL
        UNLINK
        EXISTS
        """,
    "transactions": """
        MULTI
        SET %a 1
        INCR %a
        GET %a
        PING
        ECHO x
        SELECT 0
        INCRBY %a x
        APPEND %a 5
        INCR %text
        SET %text abc
        INCR %text
        MGET %a %text %none
        DEL %a %none
        GETDEL %none
        TTL %a
        EXEC
        EXEC
        DISCARD
        MULTI
        MULTI
        WATCH %a
        EXEC
        MULTI
        SET %a 1
        nope x
        SET %a 2
        EXEC
        GET %a
        MULTI
        GET
        EXEC
        MULTI
        CONFIG nope
        EXEC
        MULTI
        SET %a 1
        DISCARD
        GET %a
        WATCH %a %none
        MULTI
        SET %a 5
        EXEC
        WATCH %a
        SET %a 6
        MULTI
        GET %a
        EXEC
        WATCH %a
        SET %a 7
        UNWATCH
        MULTI
        GET %a
        EXEC
        WATCH %none
        MULTI
        EXEC
        WATCH %none
        SET %none 1
        MULTI
        EXEC
        WATCH %a
        EXPIRE %a 100
        MULTI
        GET %a
        EXEC
        WATCH
        MULTI x
        MULTI
        SET %a 1
        RESET
        EXEC
        GET %a
        """,
    "scans": """
        SCAN x
        SCAN 18446744073709551616
        SCAN 0 COUNT
        SCAN 0 COUNT 0
        SCAN 0 COUNT x
        SCAN 0 MATCH
        SCAN 0 NOPE x
        SCAN
        KEYS
        KEYS %nothing*
        SET %one 1
        KEYS %o*
        SET %two 1 PX 100000
        DEL %two
        KEYS %*
        DBSIZE x
        RANDOMKEY x
        FLUSHALL x
        FLUSHDB ASYNC SYNC
        """,
    "objects": """
        SET %int 12
        SET %negative -1
        SET %padded 012
        SET %short abc
        SET %44 aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeee
        SET %45 aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeee
        SET %large 92233720368547758070
        OBJECT ENCODING %int
        OBJECT ENCODING %negative
        OBJECT ENCODING %padded
        OBJECT ENCODING %short
        OBJECT ENCODING %44
        OBJECT ENCODING %45
        OBJECT ENCODING %large
        OBJECT ENCODING %none
        OBJECT REFCOUNT %short
        OBJECT REFCOUNT %none
        OBJECT FREQ %none
        OBJECT FREQ %short
        OBJECT IDLETIME %none
        OBJECT NOPE %none
        OBJECT ENCODING
        MEMORY USAGE %none
        MEMORY USAGE %none SAMPLES
        MEMORY USAGE %none SAMPLES x
        MEMORY USAGE %none SAMPLES -1
        MEMORY NOPE
        SLOWLOG GET -2
        SLOWLOG RESET
        SLOWLOG NOPE
        LATENCY LATEST
        LATENCY HISTORY x
        LATENCY RESET
        LATENCY NOPE
        ROLE
        SHUTDOWN ABORT
        """,
    "connection": """
        PING
        PING hello
        PING ''
        PING a b
        ECHO hello
        ECHO
        SELECT 0
        SELECT 16
        SELECT -1
        SELECT a
        SELECT 99999999999
        SELECT
        AUTH a
        AUTH default a
        AUTH bob a
        AUTH a b c
        AUTH
        HELLO 4
        HELLO 1
        HELLO x
        HELLO 2 AUTH a
        HELLO 2 AUTH bob a
        HELLO 2 SETNAME 'a b'
        HELLO 2 SETNAME
        HELLO 2 FOO
        TIME x
        CLIENT
        CLIENT FOO
        CLIENT GETNAME
        CLIENT SETNAME me
        CLIENT GETNAME
        CLIENT SETNAME 'a b'
        CLIENT SETNAME ''
        CLIENT GETNAME
        CLIENT SETNAME
        CLIENT ID x
        CLIENT KILL 1.2.3.4:5
        CLIENT KILL ID x
        CLIENT KILL ID 0
        CLIENT KILL ID 987654321
        CLIENT KILL ADDR 1.2.3.4:5
        CLIENT KILL LADDR 1.2.3.4:5
        CLIENT KILL ID 987654321 SKIPME no
        CLIENT KILL TYPE foo
        CLIENT KILL TYPE pubsub
        CLIENT KILL USER bob
        CLIENT KILL foo bar
        CLIENT KILL ID 5 SKIPME
        CLIENT KILL ID 5 SKIPME x
        CLIENT LIST TYPE x
        CLIENT LIST TYPE replica
        CLIENT LIST ID x
        CLIENT LIST ID 987654321
        CLIENT LIST foo
        CLIENT NO-EVICT on
        CLIENT NO-EVICT off
        CLIENT NO-EVICT x
        CLIENT REPLY x
        CLIENT REPLY ON
        RESET
        RESET x
        CLIENT GETNAME
        """,
    "unknown commands": """
        foo
        FOO a b
        foo 'a b' ''
        foo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb \
            cccccccccccccccccccccccccccccccccccccccccccccccccc dddddddddddddddddddd eeeeeeeeee
        ''
        GET
        GET a b
        get
        CONFIG
        CONFIG FOO
        CONFIG RESETSTAT x
        COMMAND FOO
        COMMAND COUNT x
        INFO nothing
        """,
    "config": """
        CONFIG GET save
        CONFIG GET SAVE
        CONFIG GET sav? sa?e
        CONFIG GET appendonly
        CONFIG GET timeout
        CONFIG GET requirepass
        CONFIG GET nothing
        CONFIG GET
        CONFIG SET
        CONFIG SET a
        CONFIG SET save '' foo
        CONFIG SET foo bar
        CONFIG SET databases 3
        CONFIG SET maxmemory bad
        CONFIG SET save '' save ''
        CONFIG SET save '' appendonly no
        CONFIG RESETSTAT
        """,
    "command": """
        COMMAND INFO get
        COMMAND INFO MSET del nope
        COMMAND INFO config|get
        COMMAND INFO rename copy renamenx
        COMMAND DOCS nope
        COMMAND GETKEYS
        COMMAND GETKEYS get
        COMMAND GETKEYS get a
        COMMAND GETKEYS foo a
        COMMAND GETKEYS mset a 1 b 2
        COMMAND GETKEYS mset a
        COMMAND GETKEYS client list
        COMMAND GETKEYSANDFLAGS rename a b
        COMMAND GETKEYSANDFLAGS copy a b
        COMMAND LIST foo
        COMMAND LIST FILTERBY foo x
        COMMAND LIST FILTERBY ACLCAT foo
        COMMAND LIST FILTERBY MODULE foo
        COMMAND LIST FILTERBY PATTERN getex
        """,
}

# Commands whose rows of COMMAND INFO must be Redis' own. Not here: SET, whose options are more,
# GETEX, for which Redis adds a note in prose, and the containers, which have more or fewer
# subcommands.
SAME_COMMAND_INFO = """
    append auth copy decr decrby del echo exists expire expireat expiretime get getdel getrange
    getset hello incr incrby incrbyfloat info mget mset msetnx persist pexpire pexpireat
    pexpiretime ping psetex pttl quit rename renamenx reset select setex setnx setrange strlen time
    touch ttl type unlink client|getname client|id client|info client|kill client|list
    client|no-evict client|reply client|setname command|count command|docs command|getkeys
    command|getkeysandflags command|info command|list config|get config|set config|resetstat
    dbsize discard exec flushall flushdb keys lastsave multi randomkey readonly readwrite role scan
    unwatch watch asking cluster|countkeysinslot cluster|getkeysinslot cluster|info cluster|keyslot
    cluster|myid cluster|nodes cluster|shards cluster|slots object|encoding object|freq
    object|idletime object|refcount memory|doctor memory|purge memory|stats memory|usage slowlog|get
    slowlog|len slowlog|reset latency|doctor latency|history latency|latest latency|reset shutdown
    latency|histogram cluster|links cluster|count-failure-reports cluster|replicas cluster|slaves
    """.split()

# Commands after which INFO must count calls, rejected calls, failed calls and errors as Redis does.
COUNTED = """
    SET %a 1
    GET %a
    GET %a
    GET
    GET %a %b
    INCR %a
    INCR
    SET %text abc
    INCR %text
    SET %a 1 EX 0
    SET %a 1 NOPE
    nope
    CONFIG nope
    CONFIG GET save
    CONFIG GET
    CLIENT SETNAME x
    CLIENT SETNAME 'x y'
    MGET %a %none
    DEL %none
    MULTI
    SET %a 5
    INCR %text
    PING
    EXEC
    MULTI
    INCR
    SET %a 6
    EXEC
    EXEC
    MULTI
    SET %a 7
    DISCARD
    WATCH %a
    SET %a 8
    MULTI
    GETDEL %a
    EXEC
    """

# (why, commands that set the stage, the command, what aegis answers in RESP2). Redis must answer
# something else: a difference that is gone is to be deleted here.
LONG_KEY = "k" * (64 * 1024 + 1)
INTENDED_DIFFERENCES = [
    ("keys have 1 byte at least", [], ["GET", ""],
     b"-ERR the key is empty: a key has 1 byte at least\r\n"),
    ("keys have 64 KiB at most", [], ["SET", LONG_KEY, "v"],
     b"-ERR the key has 65537 bytes: a key has 65536 bytes at most\r\n"),
    ("one key over its limit, and nothing of the command is applied", [],
     ["MSET", "%a", "1", LONG_KEY, "2"],
     b"-ERR the key has 65537 bytes: a key has 65536 bytes at most\r\n"),
    ("values have 64 MiB at most", [], ["SETRANGE", "%a", "67108864", "v"],
     b"-ERR string exceeds maximum allowed size\r\n"),
    ("database 0 is the only one", [], ["SELECT", "1"], b"-ERR DB index is out of range\r\n"),
    ("database 0 is the only one", [["SET", "%a", "v"]], ["COPY", "%a", "%b", "DB", "1"],
     b"-ERR DB index is out of range\r\n"),
    ("a lifetime ends within 10,000 years", [], ["SET", "%a", "v", "EX", "315360000001"],
     b"-ERR invalid expire time in 'set' command\r\n"),
    ("a lifetime ends within 10,000 years", [["SET", "%a", "v"]],
     ["PEXPIRE", "%a", "315360000000001"], b"-ERR invalid expire time in 'pexpire' command\r\n"),
    ("the time is checked before the key is looked for", [], ["GETEX", "%none", "EX", "0"],
     b"-ERR invalid expire time in 'getex' command\r\n"),
    ("what is atomic over several keys needs them in one shard", [],
     ["MSETNX", "a", "1", "b", "2"],
     b"-CROSSSLOT Keys in request don't hash to the same slot\r\n"),
    ("SET IFEQ, as later versions have it", [["SET", "%a", "v"]],
     ["SET", "%a", "w", "IFEQ", "v"], b"+OK\r\n"),
    ("DELIFEQ, as later versions have it", [["SET", "%a", "v"]], ["DELIFEQ", "%a", "v"],
     b":1\r\n"),
    ("CLIENT SETINFO, as later versions have it", [], ["CLIENT", "SETINFO", "LIB-NAME", "x"],
     b"+OK\r\n"),
    ("CLIENT NO-TOUCH, as later versions have it", [], ["CLIENT", "NO-TOUCH", "ON"], b"+OK\r\n"),
    ("the configuration is fixed while the node runs", [], ["CONFIG", "SET", "maxclients", "9999"],
     b"-ERR CONFIG SET failed (possibly related to argument 'maxclients') - can't set immutable "
     b"config\r\n"),
    ("one of several nodes says so", [], ["INFO", "cluster"],
     b"$30\r\n# Cluster\r\ncluster_enabled:1\r\n\r\n"),
    ("a cursor is a number that SCAN has returned", [], ["SCAN", "-1"],
     b"-ERR invalid cursor\r\n"),
    ("a transaction is within one shard", [["MULTI"], ["SET", "a", "1"]], ["SET", "b", "1"],
     b"-CROSSSLOT Keys in request don't hash to the same slot\r\n"),
    ("a transaction is not about all shards", [["MULTI"]], ["DBSIZE"],
     b"-ERR 'dbsize' cannot be part of a transaction: it is about more than the keys of one "
     b"shard\r\n"),
    ("a command names 65,536 keys at most", [], ["EXISTS", *["%a"] * 65537],
     b"-ERR more than 65536 keys in one command\r\n"),
    ("a pattern has 1 KiB at most", [], ["KEYS", "x" * 1025],
     b"-ERR the pattern has 1025 bytes: a pattern has 1024 bytes at most\r\n"),
    ("when a key was last used is not kept", [["SET", "%a", "v"]], ["OBJECT", "IDLETIME", "%a"],
     b"-ERR The time since a key was last used is not kept\r\n"),
    ("there are no scripts", [], ["EVAL", "return 1", "0"],
     b"-ERR unknown command 'EVAL', with args beginning with: 'return 1' '0' \r\n"),
    ("there are no messages", [], ["PUBLISH", "%channel", "x"],
     b"-ERR unknown command 'PUBLISH', with args beginning with: '%channel' 'x' \r\n"),
    ("only strings are kept", [], ["LPUSH", "%list", "v"],
     b"-ERR unknown command 'LPUSH', with args beginning with: '%list' 'v' \r\n"),
]
