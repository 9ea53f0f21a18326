//! The shapes of the responses that are used, in all versions that `kafka-protocol` knows of them up to the one noted.
//!
//! Source: the message definitions of Apache Kafka (`clients/src/main/resources/common/message`).

use super::shape::{Field, Kind, Shape, Tag};

const ALWAYS: i16 = i16::MAX;

const fn field(since: i16, until: i16, kind: Kind) -> Field {
    Field { since, until, kind }
}

const fn since(since: i16, kind: Kind) -> Field {
    field(since, ALWAYS, kind)
}

const fn tag(number: u32, since: i16, kind: Kind) -> Tag {
    Tag { number, since, kind }
}

const BYTE: Kind = Kind::Fixed(1);
const SHORT: Kind = Kind::Fixed(2);
const INT: Kind = Kind::Fixed(4);
const LONG: Kind = Kind::Fixed(8);
const UUID: Kind = Kind::Fixed(16);
const TEXT: Kind = Kind::Text;
const INTS: Kind = Kind::List(&INT);

const NO_TAGS: &[Tag] = &[];

/// Versions 0 to 4.
pub(super) const API_VERSIONS: Shape = Shape {
    fields: &[since(0, SHORT), since(0, Kind::List(&Kind::Struct(&API_VERSION))), since(1, INT)],
    tags: &[
        tag(0, 3, Kind::List(&Kind::Struct(&FEATURE))),
        tag(1, 3, LONG),
        tag(2, 3, Kind::List(&Kind::Struct(&FEATURE))),
        tag(3, 3, BYTE),
    ],
};
const API_VERSION: Shape = Shape { fields: &[since(0, SHORT), since(0, SHORT), since(0, SHORT)], tags: NO_TAGS };
const FEATURE: Shape = Shape { fields: &[since(3, TEXT), since(3, SHORT), since(3, SHORT)], tags: NO_TAGS };

/// Versions 0 to 13.
pub(super) const METADATA: Shape = Shape {
    fields: &[
        since(3, INT),
        since(0, Kind::List(&Kind::Struct(&METADATA_BROKER))),
        since(2, TEXT),
        since(1, INT),
        since(0, Kind::List(&Kind::Struct(&METADATA_TOPIC))),
        field(8, 10, INT),
        since(13, SHORT),
    ],
    tags: NO_TAGS,
};
const METADATA_BROKER: Shape = Shape { fields: &[since(0, INT), since(0, TEXT), since(0, INT), since(1, TEXT)], tags: NO_TAGS };
const METADATA_TOPIC: Shape = Shape {
    fields: &[
        since(0, SHORT),
        since(0, TEXT),
        since(10, UUID),
        since(1, BYTE),
        since(0, Kind::List(&Kind::Struct(&METADATA_PARTITION))),
        since(8, INT),
    ],
    tags: NO_TAGS,
};
const METADATA_PARTITION: Shape = Shape {
    fields: &[since(0, SHORT), since(0, INT), since(0, INT), since(7, INT), since(0, INTS), since(0, INTS), since(5, INTS)],
    tags: NO_TAGS,
};

/// Versions 1 to 10.
pub(super) const LIST_OFFSETS: Shape =
    Shape { fields: &[since(2, INT), since(1, Kind::List(&Kind::Struct(&LIST_OFFSETS_TOPIC)))], tags: NO_TAGS };
const LIST_OFFSETS_TOPIC: Shape =
    Shape { fields: &[since(1, TEXT), since(1, Kind::List(&Kind::Struct(&LIST_OFFSETS_PARTITION)))], tags: NO_TAGS };
const LIST_OFFSETS_PARTITION: Shape =
    Shape { fields: &[since(1, INT), since(1, SHORT), since(1, LONG), since(1, LONG), since(4, INT)], tags: NO_TAGS };

/// Versions 4 to 18.
pub(super) const FETCH: Shape = Shape {
    fields: &[since(4, INT), since(7, SHORT), since(7, INT), since(4, Kind::List(&Kind::Struct(&FETCH_TOPIC)))],
    tags: &[tag(0, 16, Kind::List(&Kind::Struct(&FETCH_NODE)))],
};
const FETCH_TOPIC: Shape = Shape {
    fields: &[field(4, 12, TEXT), since(13, UUID), since(4, Kind::List(&Kind::Struct(&FETCH_PARTITION)))],
    tags: NO_TAGS,
};
const FETCH_PARTITION: Shape = Shape {
    fields: &[
        since(4, INT),
        since(4, SHORT),
        since(4, LONG),
        since(4, LONG),
        since(5, LONG),
        since(4, Kind::List(&Kind::Struct(&FETCH_ABORTED))),
        since(11, INT),
        since(4, Kind::Blob),
    ],
    tags: &[
        tag(0, 12, Kind::Struct(&FETCH_EPOCH_END)),
        tag(1, 12, Kind::Struct(&FETCH_LEADER)),
        tag(2, 12, Kind::Struct(&FETCH_SNAPSHOT)),
    ],
};
const FETCH_ABORTED: Shape = Shape { fields: &[since(4, LONG), since(4, LONG)], tags: NO_TAGS };
const FETCH_EPOCH_END: Shape = Shape { fields: &[since(12, INT), since(12, LONG)], tags: NO_TAGS };
const FETCH_LEADER: Shape = Shape { fields: &[since(12, INT), since(12, INT)], tags: NO_TAGS };
const FETCH_SNAPSHOT: Shape = Shape { fields: &[since(4, LONG), since(4, INT)], tags: NO_TAGS };
const FETCH_NODE: Shape = Shape { fields: &[since(16, INT), since(16, TEXT), since(16, INT), since(16, TEXT)], tags: NO_TAGS };

/// Versions 0 to 6.
pub(super) const FIND_COORDINATOR: Shape = Shape {
    fields: &[
        since(1, INT),
        field(0, 3, SHORT),
        field(1, 3, TEXT),
        field(0, 3, INT),
        field(0, 3, TEXT),
        field(0, 3, INT),
        since(4, Kind::List(&Kind::Struct(&COORDINATOR))),
    ],
    tags: NO_TAGS,
};
const COORDINATOR: Shape = Shape {
    fields: &[since(4, TEXT), since(4, INT), since(4, TEXT), since(4, INT), since(4, SHORT), since(4, TEXT)],
    tags: NO_TAGS,
};

/// Versions 1 to 9.
pub(super) const OFFSET_FETCH: Shape = Shape {
    fields: &[
        since(3, INT),
        field(1, 7, Kind::List(&Kind::Struct(&OFFSET_FETCH_TOPIC))),
        field(2, 7, SHORT),
        since(8, Kind::List(&Kind::Struct(&OFFSET_FETCH_GROUP))),
    ],
    tags: NO_TAGS,
};
const OFFSET_FETCH_GROUP: Shape =
    Shape { fields: &[since(8, TEXT), since(8, Kind::List(&Kind::Struct(&OFFSET_FETCH_TOPIC))), since(8, SHORT)], tags: NO_TAGS };
const OFFSET_FETCH_TOPIC: Shape =
    Shape { fields: &[since(1, TEXT), since(1, Kind::List(&Kind::Struct(&OFFSET_FETCH_PARTITION)))], tags: NO_TAGS };
const OFFSET_FETCH_PARTITION: Shape =
    Shape { fields: &[since(1, INT), since(1, LONG), since(5, INT), since(1, TEXT), since(1, SHORT)], tags: NO_TAGS };

/// Versions 2 to 4.
pub(super) const OFFSET_FOR_LEADER_EPOCH: Shape =
    Shape { fields: &[since(2, INT), since(2, Kind::List(&Kind::Struct(&EPOCH_END_TOPIC)))], tags: NO_TAGS };
const EPOCH_END_TOPIC: Shape =
    Shape { fields: &[since(2, TEXT), since(2, Kind::List(&Kind::Struct(&EPOCH_END)))], tags: NO_TAGS };
const EPOCH_END: Shape = Shape { fields: &[since(2, SHORT), since(2, INT), since(2, INT), since(2, LONG)], tags: NO_TAGS };

/// Versions 0 to 1.
pub(super) const SASL_HANDSHAKE: Shape = Shape { fields: &[since(0, SHORT), since(0, Kind::List(&TEXT))], tags: NO_TAGS };

/// Versions 0 to 2.
pub(super) const SASL_AUTHENTICATE: Shape =
    Shape { fields: &[since(0, SHORT), since(0, TEXT), since(0, Kind::Blob), since(1, LONG)], tags: NO_TAGS };
