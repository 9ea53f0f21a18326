//! Specs as the Rust that builds them.

use arrow_schema::TimeUnit;

use crate::spec::{JsonColumn, Kind, Options, Otherwise, Spec, Tombstones, Type};

/// The expression that builds `spec`, for a program with `use kolumn::spec::{self, Type, column};` (and `Spec`, `Tombstones`,
/// `TimeUnit` where they are named).
///
/// ```
/// use kolumn::infer::rust;
/// use kolumn::spec::Spec;
///
/// let spec = Spec::parse("simple:int64:Id")?;
/// assert_eq!(rust(&spec), "spec::simple(\"Id\", Type::Int64)");
/// # Ok::<(), kolumn::Error>(())
/// ```
pub fn rust(spec: &Spec) -> String {
    let built = match &spec.kind {
        Kind::Ignore => "spec::ignore()".to_owned(),
        Kind::Raw { name: Some(name) } => format!("spec::raw({name:?})"),
        Kind::Simple { name: Some(name), data_type: Some(data_type) } => format!("spec::simple({name:?}, {})", typed(data_type)),
        Kind::Simple { name: None, data_type: Some(data_type) } => format!("spec::simple_type({})", typed(data_type)),
        Kind::Simple { name: Some(name), data_type: None } => format!("spec::simple_name({name:?})"),
        Kind::Simple { name: None, data_type: None } => "spec::from_properties()".to_owned(),
        Kind::Json { columns } => json(columns),
        // Their schemas are texts anyhow.
        _ => return format!("Spec::parse({:?})?", spec.to_string()),
    };
    match options(&spec.options) {
        Some(options) => built + &options,
        None => format!("Spec::parse({:?})?", spec.to_string()),
    }
}

fn json(columns: &[JsonColumn]) -> String {
    let mut text = "spec::json([\n".to_owned();
    for JsonColumn { name, data_type, paths, missing, null } in columns {
        text.push_str(&format!("    column({name:?}, {})", typed(data_type)));
        for (index, path) in paths.iter().enumerate() {
            text.push_str(&format!(".{}({path:?})", if index == 0 { "at" } else { "or_at" }));
        }
        let ways = [("on_missing", "allow_missing(false)", missing), ("on_null", "allow_null(false)", null)];
        let ways = if missing == null { vec![("default_value", "not_null()", missing)] } else { ways.to_vec() };
        for (value, refused, otherwise) in ways {
            match otherwise {
                Otherwise::Null => {}
                Otherwise::Error => text.push_str(&format!(".{refused}")),
                Otherwise::Value(default) => text.push_str(&format!(".{value}({default:?})")),
            }
        }
        text.push_str(",\n");
    }
    text + "])"
}

/// None where there is no way to say them by builders that is shorter than text.
fn options(options: &Options) -> Option<String> {
    let mut text = String::new();
    if options.lenient {
        text.push_str(".lenient(true)");
    }
    if options.tombstones == Tombstones::Skip {
        text.push_str(".tombstones(Tombstones::Skip)");
    }
    let said = Options { lenient: options.lenient, tombstones: options.tombstones, ..Options::default() };
    (*options == said).then_some(text)
}

fn typed(data_type: &Type) -> String {
    match data_type {
        Type::Timestamp(unit) => format!("Type::Timestamp({})", unit_name(*unit)),
        Type::TimestampOf { unit, number } => {
            format!("Type::TimestampOf {{ unit: {}, number: {} }}", unit_name(*unit), unit_name(*number))
        }
        Type::Time(unit) => format!("Type::Time({})", unit_name(*unit)),
        Type::NotNull(inner) => format!("Type::required({})", typed(inner)),
        Type::List(item) => format!("Type::list({})", typed(item)),
        Type::Struct(fields) => {
            let fields: Vec<String> = fields.iter().map(|(name, field)| format!("({name:?}, {})", typed(field))).collect();
            format!("Type::structure([{}])", fields.join(", "))
        }
        Type::Map(key, value) => format!("Type::map({}, {})", typed(key), typed(value)),
        // A variant without fields, or with numbers, is written as it is shown for debugging.
        other => format!("Type::{other:?}"),
    }
}

fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "TimeUnit::Second",
        TimeUnit::Millisecond => "TimeUnit::Millisecond",
        TimeUnit::Microsecond => "TimeUnit::Microsecond",
        TimeUnit::Nanosecond => "TimeUnit::Nanosecond",
    }
}
