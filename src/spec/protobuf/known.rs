//! Files that Confluent's registry and its clients have themselves, so that no schema refers to them: the common ones of `google/type/`,
//! and `confluent/`.
//!
//! Only names, numbers and types, for nothing else says how a message is read.

use protox::file::{File, FileResolver};

const FILES: &[(&str, &str)] = &[
    (
        "confluent/meta.proto",
        r#"syntax = "proto3"; package confluent; import "google/protobuf/descriptor.proto";
        message Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; }
        extend google.protobuf.FileOptions { Meta file_meta = 1088; }
        extend google.protobuf.MessageOptions { Meta message_meta = 1088; }
        extend google.protobuf.FieldOptions { Meta field_meta = 1088; }
        extend google.protobuf.EnumOptions { Meta enum_meta = 1088; }
        extend google.protobuf.EnumValueOptions { Meta enum_value_meta = 1088; }"#,
    ),
    (
        "confluent/type/decimal.proto",
        r#"syntax = "proto3"; package confluent.type;
        message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }"#,
    ),
    (
        "google/type/color.proto",
        r#"syntax = "proto3"; package google.type; import "google/protobuf/wrappers.proto";
        message Color { float red = 1; float green = 2; float blue = 3; google.protobuf.FloatValue alpha = 4; }"#,
    ),
    (
        "google/type/date.proto",
        r#"syntax = "proto3"; package google.type; message Date { int32 year = 1; int32 month = 2; int32 day = 3; }"#,
    ),
    (
        "google/type/datetime.proto",
        r#"syntax = "proto3"; package google.type; import "google/protobuf/duration.proto";
        message DateTime {
            int32 year = 1; int32 month = 2; int32 day = 3; int32 hours = 4; int32 minutes = 5; int32 seconds = 6; int32 nanos = 7;
            oneof time_offset { google.protobuf.Duration utc_offset = 8; TimeZone time_zone = 9; }
        }
        message TimeZone { string id = 1; string version = 2; }"#,
    ),
    (
        "google/type/dayofweek.proto",
        r#"syntax = "proto3"; package google.type;
        enum DayOfWeek { DAY_OF_WEEK_UNSPECIFIED = 0; MONDAY = 1; TUESDAY = 2; WEDNESDAY = 3; THURSDAY = 4; FRIDAY = 5; SATURDAY = 6;
            SUNDAY = 7; }"#,
    ),
    ("google/type/decimal.proto", r#"syntax = "proto3"; package google.type; message Decimal { string value = 1; }"#),
    (
        "google/type/expr.proto",
        r#"syntax = "proto3"; package google.type;
        message Expr { string expression = 1; string title = 2; string description = 3; string location = 4; }"#,
    ),
    (
        "google/type/fraction.proto",
        r#"syntax = "proto3"; package google.type; message Fraction { int64 numerator = 1; int64 denominator = 2; }"#,
    ),
    (
        "google/type/interval.proto",
        r#"syntax = "proto3"; package google.type; import "google/protobuf/timestamp.proto";
        message Interval { google.protobuf.Timestamp start_time = 1; google.protobuf.Timestamp end_time = 2; }"#,
    ),
    (
        "google/type/latlng.proto",
        r#"syntax = "proto3"; package google.type; message LatLng { double latitude = 1; double longitude = 2; }"#,
    ),
    (
        "google/type/money.proto",
        r#"syntax = "proto3"; package google.type; message Money { string currency_code = 1; int64 units = 2; int32 nanos = 3; }"#,
    ),
    (
        "google/type/month.proto",
        r#"syntax = "proto3"; package google.type;
        enum Month { MONTH_UNSPECIFIED = 0; JANUARY = 1; FEBRUARY = 2; MARCH = 3; APRIL = 4; MAY = 5; JUNE = 6; JULY = 7; AUGUST = 8;
            SEPTEMBER = 9; OCTOBER = 10; NOVEMBER = 11; DECEMBER = 12; }"#,
    ),
    (
        "google/type/quaternion.proto",
        r#"syntax = "proto3"; package google.type; message Quaternion { double x = 1; double y = 2; double z = 3; double w = 4; }"#,
    ),
    (
        "google/type/timeofday.proto",
        r#"syntax = "proto3"; package google.type; message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }"#,
    ),
];

/// The files, for the compiler.
#[derive(Debug)]
pub(super) struct Known;

impl Known {
    /// Whether nobody has to give the file of that name.
    pub(super) fn has(name: &str) -> bool {
        name.starts_with("google/protobuf/") || text(name).is_some()
    }
}

impl FileResolver for Known {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        text(name).map_or_else(|| Err(protox::Error::file_not_found(name)), |text| File::from_source(name, text))
    }
}

fn text(name: &str) -> Option<&'static str> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Names, Side, Spec, protobuf};

    #[test]
    fn what_every_registry_has_is_imported_without_being_given() {
        for (name, _) in FILES {
            let schema = format!(r#"syntax = "proto3"; import "{name}"; message M {{ int32 a = 1; }}"#);
            let spec: Spec = protobuf(schema).into();
            assert!(spec.columns(Side::Value, &Names::default()).is_ok(), "{name}");
        }
        let schema = r#"syntax = "proto3"; import "confluent/meta.proto"; import "confluent/type/decimal.proto"; import "google/type/money.proto";
            message Order {
                option (confluent.message_meta).doc = "an order";
                confluent.type.Decimal price = 1 [(confluent.field_meta) = { params: [{ key: "scale", value: "2" }] }];
                google.type.Money fee = 2;
            }"#;
        let columns = Spec::from(protobuf(schema)).columns(Side::Value, &Names::default()).unwrap();
        let names: Vec<&str> = columns.iter().map(|column| column.name().as_str()).collect();
        let expected = ["price_value", "price_precision", "price_scale", "fee_currency_code", "fee_units", "fee_nanos"];
        assert_eq!(names, expected);
    }

    #[test]
    fn a_file_that_is_given_is_not_the_known_one() {
        let own = r#"syntax = "proto3"; package google.type; message Money { int32 own = 1; }"#;
        let schema = r#"syntax = "proto3"; import "google/type/money.proto"; message M { google.type.Money m = 1; }"#;
        let spec: Spec = protobuf(schema).import("google/type/money.proto", own).message("M").into();
        assert_eq!(spec.columns(Side::Value, &Names::default()).unwrap()[0].name(), "m_own");
    }
}
