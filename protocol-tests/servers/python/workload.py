"""The records of a workload, as the Rust module `workload` documents them."""

import struct

MASK = (1 << 64) - 1
KEY_LANE = 8
SYMBOLS = ["A", "F", "GE", "IBM", "CRM", "JPM", "BAC", "XOM", "AAPL", "MSFT", "AMZN", "META", "NVDA", "TSLA", "ORCL", "GOOGL"]
VENUES = ["IEXG", "XNYS", "XNAS", "ARCX", "BATS", "EDGX", "MEMX", "XCHI"]
FIRST_TIMESTAMP_MS = 3_688_416_000_000
PERIOD_MS = 12 * 86_400_000


def mix(word):
    word = (word + 0x9E3779B97F4A7C15) & MASK
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & MASK
    return word ^ (word >> 31)


def order(base, index):
    names, numbers = mix(base + 1), mix(base + 2)
    ticks = 100_000 + (numbers & 0xFFFFFFFF) % 9_900_000
    milliseconds = index % PERIOD_MS
    seconds = milliseconds // 1000
    return (
        '{"Symbol":"%s","Side":"%s","OrderId":"%016x","Price":%d.%04d,"Qty":%d,"Venue":"%s",'
        '"Tstamp":"2086-11-%02dT%02d:%02d:%02d.%09dZ","Meta":{"src":"gw-%d","seq":%d,"flags":[%d,%d]}}'
        % (
            SYMBOLS[names % 16],
            "BUY" if (names >> 8) & 1 == 0 else "SELL",
            mix(base),
            ticks // 10_000,
            ticks % 10_000,
            1 + (numbers >> 32) % 1000,
            VENUES[(names >> 16) % 8],
            18 + seconds // 86_400,
            seconds // 3600 % 24,
            seconds // 60 % 60,
            seconds % 60,
            milliseconds % 1000 * 1_000_000 + mix(base + 3) % 1_000_000,
            10 + ((names >> 24) & 0xFF) % 90,
            index,
            ((names >> 32) & 0xFF) % 10,
            ((names >> 40) & 0xFF) % 10,
        )
    ).encode()


def random_bytes(base, count):
    return b"".join(struct.pack(">Q", mix(base + step)) for step in (1, 2, 3, 4))[:count]


# Each takes the record's first word, that with the lane of key or value, and the index. An order has its own lanes.
SHAPES = {
    "null": lambda first, base, index: None,
    "order": lambda first, base, index: order(first, index),
    "account": lambda first, base, index: b"acct-%04d" % (mix(base) % 10_000),
    "int32": lambda first, base, index: struct.pack(">I", mix(base) >> 32),
    "int64": lambda first, base, index: struct.pack(">Q", mix(base)),
    "float64": lambda first, base, index: struct.pack(">d", (mix(base) % 10_000_000 - 5_000_000) / 10_000.0),
    "uuid": lambda first, base, index: random_bytes(base, 16),
    "bytes": lambda first, base, index: random_bytes(base, mix(base) % 33),
}


def last_of(every, index):
    return every != 0 and index % every == every - 1


def records(options):
    """Partition, timestamp, key, value and headers of each record."""
    start = mix(options.seed)
    key_of, value_of = SHAPES[options.key], SHAPES[options.value]
    for index in range(options.first, options.first + options.records):
        base = (start + 16 * index) & MASK
        key = None if last_of(options.null_keys_every, index) else key_of(base, base + KEY_LANE, index)
        value = None if last_of(options.null_values_every, index) else value_of(base, base, index)
        if value is not None and last_of(options.broken_values_every, index):
            value = value[: len(value) // 5]
        headers = [
            ("h%d" % (number % 3), None if (index + number) % 5 == 0 else b"%d" % (index + number))
            for number in range(index % (options.headers + 1))
        ]
        yield index % options.partitions, FIRST_TIMESTAMP_MS + index % PERIOD_MS, key, value, headers
